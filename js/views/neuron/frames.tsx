import { ROW } from "../head/layout.js";
import { classes, px } from "../shared/style.js";
import type { StripPlace } from "./columns.js";
import { type NeuronState, rowsSeen } from "./state.js";

interface Framed {
  place: StripPlace | null;
  slot: number;
  isPinned: boolean;
}

/** Columns round the neuron that is pointed at, and round the one that is pinned. */
export function Frames({ view }: { view: NeuronState }) {
  const { first, last } = rowsSeen(view);
  const drawn = framed(view).filter(({ place, slot }) => place !== null && slot >= 0);
  return (
    <>
      {drawn.map(({ place, slot, isPinned }, index) => (
        <i
          key={`${index}`}
          class={classes("neuron-frame", { pinned: isPinned })}
          style={{ ...acrossOf(place as StripPlace, slot), top: px(first * ROW), height: px((last - first + 1) * ROW) }}
        />
      ))}
    </>
  );
}

export function acrossOf({ left, px: width }: StripPlace, slot: number) {
  return { left: px(left + slot * width - 1), width: px(width + 2) };
}

function framed(view: NeuronState): Framed[] {
  const { neuron } = view.store.selection.value;
  const pointed = view.pointed.value;
  const { first, products } = view.columns.value;
  const isOwn = view.strip.value === "value"; // a value has components of its own
  const both = (one: number | undefined | null, isPinned: boolean): Framed[] => {
    const slot = one == null ? -1 : view.slots.value.indexOf(one);
    return [products, isOwn ? null : first].map((place) => ({ place, slot, isPinned }));
  };
  const isComponent = isOwn && pointed?.where === "first";
  const under = isComponent ? [{ place: first, slot: pointed.neuron, isPinned: false }] : both(pointed?.neuron, false);
  return [...under, ...both(neuron, true)];
}
