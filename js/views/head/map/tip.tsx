import { textOf } from "../../../store/units.js";
import { exact, spoken } from "../../shared/format.js";
import { placed, Tooltip } from "../../shared/tooltip.js";
import { both, pixelOf } from "./extent.js";
import { type Cell, type MapState, RAIL } from "./state.js";

/** What the cell under the pointer holds: its tokens, and its number as soon as that is there. */
export function MapTip({ map }: { map: MapState }) {
  const cell = map.cell.value;
  const { grounds, hint } = map.view.frame;
  const ground = grounds.get("map");
  if (cell === null || map.head.value === null || !ground || hint.value !== null) return null;
  const { query, key } = boxesOf(map, cell);
  const box = { left: key.at, top: query.at, width: key.length, height: query.length };
  return (
    <Tooltip anchor={placed(ground, box)} align="left">
      <Said map={map} cell={cell} />
    </Tooltip>
  );
}

/** What is said of a cell, also to a screen reader. */
export function Said({ map, cell }: { map: MapState; cell: Cell }) {
  const units = (["query", "key"] as const).map((side) => {
    const [start, stop] = cell[side];
    const text = spoken(textOf(map.view.store.side(side), start, stop));
    const where = stop - start === 1 ? `position ${start}` : `positions ${start} to ${stop - 1}`;
    return (
      <div key={side}>
        <i>{side === "query" ? "from" : "to"}</i> <bdi>{text}</bdi> <i>{where}</i>
      </div>
    );
  });
  return (
    <div class="map-tip">
      {units}
      <div>{numberOf(map, cell)}</div>
    </div>
  );
}

function numberOf(map: MapState, { query, key }: Cell): string {
  const number = map.number.value;
  const { reduce, measure } = map.head.value ?? {};
  if (map.isHidden({ query, key })) return "hidden by the mask";
  const isOne = (query[1] - query[0]) * (key[1] - key[0]) === 1;
  const what = measure === "value_norm" ? "weight × norm" : "weight";
  const pooled = reduce === "max" ? `largest ${what}` : `share of the ${what}`;
  return `${isOne ? what : pooled} ${number === null ? "…" : exact(number, map.data.value?.rounding)}`;
}

/** Where a cell is drawn, as far as it is in sight, in pixels of the plot. */
export function boxesOf(map: MapState, cell: Cell) {
  return both((side) => {
    const pixels = map.size.value[side];
    const pixel = (edge: number) => Math.max(0, Math.min(pixels, pixelOf(map.sight.value[side], pixels, edge)));
    const [at, end] = cell[side].map(pixel);
    if (side === "query") return { at, length: end - at };
    return cell.key[0] === 0 ? { at: 0, length: RAIL - 1 } : { at: RAIL + at, length: end - at };
  });
}
