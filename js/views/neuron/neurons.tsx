import { movedAcross } from "../shared/moves.js";
import { movedRow, pinNeuron, pointAtRow, showRow } from "./actions.js";
import { Frames } from "./frames.js";
import { listening } from "./list.js";
import { plain, sayComponent, sayNeuron } from "./say.js";
import type { NeuronState } from "./state.js";
import { Strips } from "./strips.js";

/** The strips, as one tab stop: left and right go from neuron to neuron, up and down from token to token. */
export function Neurons({ view }: { view: NeuronState }) {
  return (
    <div
      class="neuron-strips"
      role="listbox"
      tabIndex={0}
      aria-label="Neurons"
      aria-activedescendant="active-neuron"
      {...listening(
        view,
        () => arrive(view),
        (key) => press(view, key),
      )}
    >
      <Strips view={view} />
      <Frames view={view} />
      <ActiveNeuron view={view} />
    </div>
  );
}

/** What the keyboard is on, for screen readers: a canvas has no options of its own. */
function ActiveNeuron({ view }: { view: NeuronState }) {
  const neuron = view.slots.value[view.active.value.slot];
  const lines = neuron === undefined ? [] : linesAbout(view, neuron);
  return (
    <div
      id="active-neuron"
      class="unseen"
      role="option"
      tabIndex={-1}
      aria-selected={view.store.selection.value.neuron === neuron}
    >
      {lines.map(plain).join(", ")}
    </div>
  );
}

function linesAbout(view: NeuronState, neuron: number) {
  const entry = view.told.value ?? 0;
  const terms = view.terms.value;
  return terms === null ? sayComponent(view, neuron, entry) : sayNeuron(view, terms, neuron, entry);
}

function arrive(view: NeuronState): void {
  const { neuron } = view.store.selection.peek();
  const slot = neuron === null ? -1 : view.slots.peek().indexOf(neuron);
  pointAtRow(view, view.told.value ?? view.active.peek().entry);
  pointAtSlot(view, slot >= 0 ? slot : view.active.peek().slot);
}

function pointAtSlot(view: NeuronState, slot: number): void {
  view.active.value = { ...view.active.peek(), slot };
  const where = view.terms.peek() === null ? "first" : "products";
  const neuron = view.slots.peek()[slot];
  if (neuron !== undefined) view.pointed.value = { where, neuron, by: "keyboard" };
}

function press(view: NeuronState, key: string): boolean {
  const { slot } = view.active.peek();
  const next = movedAcross(key, slot, view.slots.peek().length);
  const row = movedRow(view, key);
  if (next !== null) pointAtSlot(view, next);
  else if (row !== null) showRow(view, row);
  else if (key === " " || key === "Enter") pinNeuron(view, view.slots.peek()[slot]);
  else return false;
  return true;
}
