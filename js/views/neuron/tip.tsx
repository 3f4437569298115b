import { ROW } from "../head/layout.js";
import { type Anchor, placed, Tooltip } from "../shared/tooltip.js";
import { sayComponent, sayNeuron } from "./say.js";
import { Sentence } from "./sentence.js";
import type { NeuronState } from "./state.js";

/** About the neuron under the pointer, or that the keyboard has come to: its number, rank and factors. */
export function NeuronTip({ view }: { view: NeuronState }) {
  const pointed = view.pointed.value;
  const entry = view.told.value;
  const terms = view.terms.value;
  if (pointed === null || entry === null || view.frame.hint.value !== null) return null;
  const anchor = anchorOfNeuron(view, entry);
  if (anchor === null) return null;
  const isVector = terms === null || (pointed.where === "first" && view.strip.value !== "key");
  const lines = isVector ? sayComponent(view, pointed.neuron, entry) : sayNeuron(view, terms, pointed.neuron, entry);
  return (
    <Tooltip anchor={anchor} align="left">
      {lines.map((said, index) => (
        <div key={`${index}`}>
          <Sentence said={said} />
        </div>
      ))}
    </Tooltip>
  );
}

function anchorOfNeuron(view: NeuronState, entry: number): Anchor | null {
  const pointed = view.pointed.value;
  const ground = view.frame.grounds.get("neuron");
  const place = view.columns.value[pointed?.where === "first" ? "first" : "products"];
  if (!ground || !place || pointed === null) return null;
  const isOwn = pointed.where === "first" && view.strip.value === "value";
  const slot = isOwn ? pointed.neuron : view.slots.value.indexOf(pointed.neuron);
  const top = entry * ROW - view.head.topOf(view.side);
  return placed(ground, { left: place.left + (slot + 1) * place.px, width: 0, top, height: ROW });
}
