import { useEffect, useMemo, useRef } from "preact/hooks";
import { closest, type Heard, onKeys } from "../../shared/events.js";
import { Notice, sayBusy } from "../../shared/notice.js";
import { px } from "../../shared/style.js";
import { useWheel } from "../../shared/wheel.js";
import type { SideName } from "../focus.js";
import { goDown, middle, pin, press } from "./actions.js";
import { Drawn } from "./drawn.js";
import { lengthOf } from "./extent.js";
import { MapLegend } from "./legend.js";
import { Marks, Names, Overview } from "./marks.js";
import { BELOW, LEFT, type MapState, RAIL, type Spot } from "./state.js";
import { Said } from "./tip.js";

/** The whole attention of the head in focus as a picture that one can come closer to: queries down, keys across. */
export function HeadMap({ map }: { map: MapState }) {
  const { key: width, query: height } = map.size.value;
  const { store, guard } = map.view;
  const plot = useRef<HTMLDivElement>(null);
  const heard = useMemo(() => listeners(map), [map]);
  useEffect(() => map.attach(), [map]);
  useWheel(plot, guard, (by, event) => {
    map.zoom(Math.exp(-by / 300), spotOf(map, event, plot.current as HTMLElement));
    return true;
  });
  const failed = store.loading.value.state === "failed" ? store.loading.value : map.loader.loading.value;
  const text = map.view.heads.value.length === 0 ? "No head is drawn. Click a number above." : "";
  return (
    <div class="map-frame">
      <div class="map" style={{ width: px(LEFT + RAIL + width), height: px(height + BELOW) }}>
        <Names map={map} />
        <div
          class="map-plot"
          data-ground="map"
          ref={plot}
          style={{ left: px(LEFT), width: px(RAIL + width), height: px(height) }}
          role="application"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: keys move on it
          tabIndex={0}
          aria-label={`Attention map of head ${store.drawn.value.head}: queries down, keys across`}
          aria-description="Arrows move, plus and minus zoom, 0 shows all, Space pins, Enter shows the lines"
          {...heard}
        >
          <Drawn map={map} />
          <Marks map={map} />
        </div>
        <Overview map={map} />
        <Notice loading={failed} text={text || sayBusy(failed, "the map comes")} style={{ left: px(LEFT) }} />
      </div>
      <MapLegend map={map} />
      <div class="unseen" aria-live="polite">
        {map.spot.value?.by === "keyboard" && map.cell.value && <Said map={map} cell={map.cell.value} />}
      </div>
    </div>
  );
}

function spotOf(map: MapState, { clientX, clientY }: MouseEvent, plot: HTMLElement): Spot {
  const { left, top } = plot.getBoundingClientRect();
  const [across, down] = [clientX - left - RAIL, clientY - top];
  const sight = map.sight.peek();
  const at = (side: SideName, pixel: number) =>
    Math.max(sight[side].start, Math.min(sight[side].end - 1e-6, sight[side].start + tokensIn(map, side, pixel)));
  return { query: at("query", down), key: across < 0 ? 0 : at("key", across), by: "pointer" };
}

/** How many tokens some pixels are. */
function tokensIn(map: MapState, side: SideName, pixels: number): number {
  return (pixels * lengthOf(map.sight.peek()[side])) / map.size.peek()[side];
}

/** So far, in pixels, a pointer moves while it clicks. */
const STILL = 3;

function listeners(map: MapState) {
  const { guard } = map.view;
  let from: { x: number; y: number; isDrag: boolean } | null = null;
  return {
    onPointerDown: guard((event: Heard<PointerEvent>) => {
      if (event.button === 0) from = { x: event.clientX, y: event.clientY, isDrag: false };
    }),
    onPointerMove: guard((event: Heard<PointerEvent>) => {
      const { clientX: x, clientY: y, currentTarget, pointerId } = event;
      if (from !== null && (event.buttons & 1) === 0) from = null;
      if (from === null) {
        map.spot.value = spotOf(map, event, currentTarget);
        return;
      }
      if (!from.isDrag && Math.hypot(x - from.x, y - from.y) < STILL) return;
      if (!from.isDrag) currentTarget.setPointerCapture(pointerId);
      map.spot.value = null;
      map.pan({ query: tokensIn(map, "query", from.y - y), key: tokensIn(map, "key", from.x - x) });
      from = { x, y, isDrag: true };
    }),
    onClick: guard((event: Heard<MouseEvent>) => {
      if (from !== null && !from.isDrag) pin(map, spotOf(map, event, event.currentTarget));
      from = null;
    }),
    onDblClick: guard((event: Heard<MouseEvent>) => goDown(map, spotOf(map, event, event.currentTarget))),
    onPointerLeave: guard(() => {
      if (map.spot.peek()?.by === "pointer") map.spot.value = null;
    }),
    onFocus: guard((event: FocusEvent) => {
      if (closest(event, ":focus-visible")) map.spot.value ??= middle(map);
    }),
    onBlur: guard(() => {
      if (map.spot.peek()?.by === "keyboard") map.spot.value = null;
    }),
    onKeyDown: guard(onKeys((event) => press(map, event))),
  };
}
