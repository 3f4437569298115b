import type { Selection } from "../../store/selection.js";
import type { Store } from "../../store/store.js";
import { spoken } from "../shared/format.js";

/** One step of the way from the model to what is pinned. */
export interface PathStep {
  name: string;
  /** A token's own text, which is not ours to word. */
  isToken: boolean;
  /** What lies between the step before and this one. */
  before: "" | "›" | "→";
  /** Goes to this step: what is below it is unpinned. */
  changes: Partial<Selection>;
}

/** Such as Model › layer 16 › head 0 › She → nurse › neuron 12, with the part before the layer where there are several. */
export function pathOf(store: Store): PathStep[] {
  const { part, layer, head, query, key, neuron } = store.selection.value;
  const top = { query: null, key: null, neuron: null };
  const steps = [word("Model", { ...top, scale: "model" })];
  if (store.meta.parts.length > 1) steps.push(word(part, { ...top, scale: "model" }));
  steps.push(word(`layer ${layer}`, { ...top, scale: "head" }));
  if (head !== null) steps.push(word(`head ${head}`, { ...top, scale: "head" }));
  if (query !== null) steps.push(token(store, "query", query, { key: null, neuron: null, scale: "head" }));
  if (key !== null) steps.push(token(store, "key", key, { neuron: null, scale: "head" }));
  if (neuron !== null) steps.push(word(`neuron ${neuron}`, { scale: "neuron" }));
  steps[0].before = "";
  return steps;
}

function word(name: string, changes: Partial<Selection>): PathStep {
  return { name, isToken: false, before: "›", changes };
}

function token(store: Store, side: "query" | "key", position: number, changes: Partial<Selection>): PathStep {
  const axis = store.axis(side);
  const { label } = axis.entries[axis.entryOf[position]];
  return { name: spoken(label), isToken: true, before: side === "key" ? "→" : "›", changes };
}
