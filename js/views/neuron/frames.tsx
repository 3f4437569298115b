import { ROW } from "../head/layout.js";
import { classes, px } from "../shared/style.js";
import type { StripPlace } from "./columns.js";
import { type NeuronState, rowsSeen } from "./state.js";

/** Columns round the neuron that is pinned, and round the one that is pointed at. */
export function Frames({ view }: { view: NeuronState }) {
  const { neuron: pinned } = view.store.selection.value;
  const pointed = view.pointed.value;
  const { first, products } = view.columns.value;
  const isOwn = view.strip.value === "value"; // a value has components of its own
  if (isOwn && pointed?.where === "first") {
    return (
      <>
        <Around view={view} neuron={pinned} places={[products]} isPinned />
        {first !== null && <Frame view={view} place={first} slot={pointed.neuron} isPinned={false} />}
      </>
    );
  }
  const places = [products, isOwn ? null : first];
  return (
    <>
      <Around view={view} neuron={pointed?.neuron ?? null} places={places} isPinned={false} />
      <Around view={view} neuron={pinned} places={places} isPinned />
    </>
  );
}

interface Props {
  view: NeuronState;
  neuron: number | null;
  places: readonly (StripPlace | null)[];
  isPinned: boolean;
}

function Around({ view, neuron, places, isPinned }: Props) {
  const slot = neuron === null ? -1 : view.slots.value.indexOf(neuron);
  return (
    <>
      {places.map(
        (place, at) =>
          place && slot >= 0 && <Frame key={`${at}`} view={view} place={place} slot={slot} isPinned={isPinned} />,
      )}
    </>
  );
}

function Frame({
  view,
  place,
  slot,
  isPinned,
}: Omit<Props, "neuron" | "places"> & { place: StripPlace; slot: number }) {
  const { first, last } = rowsSeen(view);
  return (
    <i
      class={classes("neuron-frame", { pinned: isPinned })}
      style={{
        left: px(place.left + slot * place.px - 1),
        width: px(place.px + 2),
        top: px(first * ROW),
        height: px((last - first + 1) * ROW),
      }}
    />
  );
}
