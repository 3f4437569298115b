import { ROW } from "../head/layout.js";
import { type Anchor, anchorOf, Tooltip } from "../shared/tooltip.js";
import { sayComponent, sayNeuron } from "./say.js";
import { Sentence } from "./sentence.js";
import type { NeuronState } from "./state.js";

/** About the neuron under the pointer, or that the keyboard has come to: its number, rank and factors. */
export function NeuronTip({ view, pane }: { view: NeuronState; pane: { current: HTMLElement | null } }) {
  const pointed = view.pointed.value;
  const entry = view.told.value;
  const terms = view.terms.value;
  if (pointed === null || entry === null || view.frame.hint.value !== null) return null;
  const anchor = anchorOfNeuron(view, pane.current, entry);
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

function anchorOfNeuron(view: NeuronState, pane: HTMLElement | null, entry: number): Anchor | null {
  const pointed = view.pointed.value;
  const body = pane?.querySelector(".neuron-body");
  const shell = pane?.closest(".shell");
  const place = view.columns.value[pointed?.where === "first" ? "first" : "products"];
  if (!body || !shell || !place || pointed === null) return null;
  const frame = anchorOf(body, shell);
  const isOwn = pointed.where === "first" && view.strip.value === "value";
  const slot = isOwn ? pointed.neuron : view.slots.value.indexOf(pointed.neuron);
  const left = frame.left + place.left + slot * place.px;
  const top = frame.top + entry * ROW - view.head.topOf(view.side);
  return { left: left + place.px, right: left, top, bottom: top + ROW };
}
