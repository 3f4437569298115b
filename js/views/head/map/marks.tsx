import { useRef } from "preact/hooks";
import { textOf } from "../../../store/units.js";
import { useDrawing } from "../../shared/drawing.js";
import { spoken } from "../../shared/format.js";
import { classes, px } from "../../shared/style.js";
import type { SideName } from "../focus.js";
import { drawCells, sceneOf } from "./drawn.js";
import { both, lengthOf, pixelOf } from "./extent.js";
import { BELOW, LEFT, type MapState, RAIL } from "./state.js";
import { boxesOf } from "./tip.js";

/** At least from one name to the next, so that their letters do not touch. */
const PITCH = 12;

/** What stands at the axes: as many units as have room for their names. */
export function Names({ map }: { map: MapState }) {
  const below = { top: px(map.size.value.query + 4), height: px(BELOW - 4) };
  return (
    <>
      {namesOf(map, "query", (at) => ({ top: px(at), width: px(LEFT - 5) }))}
      {namesOf(map, "key", (at) => ({ ...below, left: px(LEFT + RAIL + at) }))}
    </>
  );
}

function namesOf(map: MapState, side: SideName, placed: (at: number) => Record<string, string>) {
  const { level, edges } = map.cut.value[side];
  const pixels = map.size.value[side];
  const pixel = (edge: number) => Math.max(0, Math.min(pixels, pixelOf(map.sight.value[side], pixels, edge)));
  const isCoarse = level === "sentence" || level === "paragraph";
  let free = PITCH / 2;
  return edges.slice(1).map((end, unit) => {
    const start = edges[unit];
    const at = Math.round((pixel(start) + pixel(end)) / 2);
    if (at < free || at > pixels - PITCH / 2) return null;
    free = at + PITCH;
    const name = level === "block" ? String(start) : spoken(textOf(map.view.store.side(side), start, end));
    return (
      <span key={unit} class={classes(`tick ${side}`, { coarse: isCoarse })} style={placed(at)} data-hint={name}>
        {name}
      </span>
    );
  });
}

/** What is pinned, and a frame round the cell that one is at. */
export function Marks({ map }: { map: MapState }) {
  const cell = map.cell.value;
  const pins = map.view.store.selection.value;
  const { query, key } = boxesOf(
    map,
    both((side) => [pins[side] ?? -2, (pins[side] ?? -2) + 1]),
  );
  return (
    <>
      {query.length > 0 && <i class="map-pin" style={{ width: "100%", top: px(query.at), height: px(query.length) }} />}
      {key.length > 0 && <i class="map-pin" style={{ height: "100%", left: px(key.at), width: px(key.length) }} />}
      {cell !== null && <i class="map-cell" style={shapeOf(boxesOf(map, cell), 2)} />}
    </>
  );
}

function shapeOf({ query, key }: ReturnType<typeof boxesOf>, least: number) {
  const [width, height] = [key, query].map(({ length }) => px(Math.max(least, length)));
  return { left: px(key.at), top: px(query.at), width, height };
}

/** All of the map, small, and what of it is in sight; only where that is not all. */
export function Overview({ map }: { map: MapState }) {
  return map.isWhole.value ? null : <Small map={map} />;
}

function Small({ map }: { map: MapState }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [sight, whole, size] = [map.sight.value, map.whole.value, map.size.value];
  const scale = Math.min((LEFT - 12) / size.key, (BELOW - 6) / size.query);
  const small = both((side) => Math.round(size[side] * scale));
  const draw = (element: HTMLCanvasElement) => {
    const cuts = [map.overview.value];
    drawCells(element, map, { sight: map.whole.value, cuts, width: small.key, height: small.query, rail: 0 });
    return true;
  };
  useDrawing(canvas, { guard: map.view.guard, scene: () => sceneOf(map), draw }, [map, scale]);
  const framed = both((side) => ({
    at: pixelOf(whole[side], small[side], sight[side].start),
    length: (lengthOf(sight[side]) / lengthOf(whole[side])) * small[side],
  }));
  return (
    <div class="map-overview" style={{ top: px(size.query + 6) }}>
      <canvas ref={canvas} aria-label="All of the map" />
      <i style={shapeOf(framed, 3)} />
    </div>
  );
}
