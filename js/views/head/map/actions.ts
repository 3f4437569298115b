import type { Heard } from "../../shared/events.js";
import { type Both, both, lengthOf, middleOf } from "./extent.js";
import type { MapState } from "./state.js";

/** What a person can do on the map, whether by pointer or by key. */

/** Of one press of a key. */
const FACTOR = 1.5;
/** From one edge of what is in sight to the other. */
const MOST_STEPS = 60;

/** Pins the query and the key of a place. */
export function pin({ view }: MapState, spot: Both<number>): void {
  view.store.select(both((side) => Math.floor(spot[side])));
}

/** Goes down to the lines between the tokens of a place. */
export function goDown(map: MapState, spot: Both<number>): void {
  const { view } = map;
  pin(map, spot);
  view.store.set({ head_mode: "lines" });
  const place = both((side) => view.pins.peek()[side] ?? 0);
  view.active.value = place;
  view.level(place);
  map.spot.value = null;
}

const ARROWS: Record<string, Both<number>> = {
  ArrowUp: { query: -1, key: 0 },
  ArrowDown: { query: 1, key: 0 },
  ArrowLeft: { query: 0, key: -1 },
  ArrowRight: { query: 0, key: 1 },
};

/** Returns whether it used the key. */
export function press(map: MapState, { key, currentTarget }: Heard<KeyboardEvent>): boolean {
  const spot = map.spot.peek() ?? middle(map);
  const zoom = (factor: number) => {
    map.zoom(factor, spot);
    map.goTo(spot);
  };
  if (key in ARROWS) step(map, spot, ARROWS[key]);
  else if (key === "+" || key === "=") zoom(FACTOR);
  else if (key === "-") zoom(1 / FACTOR);
  else if (key === "0") map.show(map.whole.peek());
  else if (key === " ") pin(map, spot);
  else if (key === "Enter") enter(map, spot, currentTarget);
  else return false;
  return true;
}

/** Where keys go on from. */
export function middle(map: MapState) {
  return { ...both((side) => middleOf(map.sight.peek()[side])), by: "keyboard" as const };
}

/** To the next cell; where cells are narrow over some, so that one gets on. */
function step(map: MapState, spot: Both<number>, by: Both<number>): void {
  const cell = map.cell.peek();
  map.goTo(
    both((side) => {
      const [start, stop] = cell?.[side] ?? [0, 1];
      const least = lengthOf(map.sight.peek()[side]) / MOST_STEPS;
      return spot[side] + by[side] * Math.max(least, 0.01 + (by[side] > 0 ? stop - spot[side] : spot[side] - start));
    }),
  );
}

function enter(map: MapState, spot: Both<number>, target: HTMLElement): void {
  const pane = target.closest(".head-pane");
  goDown(map, spot);
  requestAnimationFrame(() => pane?.querySelector<HTMLElement>('.query[role="listbox"]')?.focus()); // once it is there
}
