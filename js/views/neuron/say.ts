import { notice } from "../head/body.js";
import { counted, exact, short, spoken } from "../shared/format.js";
import { added, apart, fixed, scalingText } from "./numbers.js";
import { rankOf, strengthOf } from "./ordering.js";
import type { NeuronState } from "./state.js";
import type { Terms } from "./terms.js";

/** A sentence in pieces: tokens and results stand out. */
export type Said = readonly (string | { token: string } | { result: string })[];

/** How the weight of a key comes about, with its numbers: they evaluate to the weight that is shown. */
export function sayWeight(terms: Terms, key: number, token: string, unit: string): Said {
  const name = { token };
  if (Number.isNaN(terms.score[key])) return [name, ": the vectors hold numbers that are not finite"];
  if (terms.seen[key] === 0) return [name, `: q·k = ${fixed(terms.dot[key])}, but the mask adds −∞: weight 0`];
  const { positive, negative } = terms.sides(key);
  const { cap } = terms;
  const capped = `, ${fixed(cap ?? 0)} · tanh(${fixed(terms.dot[key])} ÷ ${fixed(cap ?? 0)}) = `;
  const bias = terms.bias?.[key];
  const over = `softmax over ${counted(terms.count, unit)}`;
  const sink =
    terms.sink === null ? "" : ` and the sink, which scores ${fixed(terms.sink)} and takes ${short(terms.sinkTakes)}`;
  return [
    name,
    `: products above zero ${fixed(positive)}, below ${fixed(negative)}, sum `,
    { result: fixed(terms.dot[key]) },
    ...(cap === null ? [] : [capped, { result: fixed(terms.capped[key]) }]),
    ...(bias === undefined ? [] : [`, bias ${added(bias)} = `, { result: fixed(terms.score[key]) }]),
    `, ${over}${sink}: e^(${fixed(terms.score[key], 4)} ${added(-terms.logSum, 4)}) = `,
    { result: exact(terms.evaluated[key]) },
    `, weight shown ${exact(terms.shown[key])}, ${apart(Math.abs(terms.evaluated[key] - terms.shown[key]))}`,
  ];
}

/** What the numbers of that sentence are. */
export function sayHow(terms: Terms, key: number): string {
  if (terms.seen[key] === 0) return "";
  const { positive, negative } = terms.sides(key);
  return (
    `The products of ${terms.d} neurons: those above zero add up to ${fixed(positive)}, those below to ${fixed(negative)}.\n` +
    `The softmax is e to the score, divided by the sum of that over all keys; ${fixed(terms.logSum, 4)} is the logarithm of the sum.`
  );
}

/** What a neuron does for a key: "neuron 9, rank 2 of 64 for nurse", "q 4.27 × k 3.24 ÷ 8 = 1.727". */
export function sayNeuron(view: NeuronState, terms: Terms, neuron: number, entry: number): [Said, ...Said[]] {
  const key = view.position("key", entry);
  const isContrast = view.store.settings.value.order === "contrast";
  const strength = strengthOf(terms, isContrast ? "contrast" : "contribution", key);
  const product = terms.product(neuron, key);
  const factors = `q ${fixed(terms.q[neuron])} × k ${fixed(terms.k(key)[neuron])}${scalingText(terms.scaling)}`;
  const lines: [Said, ...Said[]] = [
    [`neuron ${neuron}, rank ${rankOf(strength, neuron)} of ${terms.d} for `, { token: labelOf(view, "key", entry) }],
    [`${factors} = ${fixed(product, 3)}`],
  ];
  if (!isContrast) return lines;
  const mean = terms.averages[neuron];
  return [...lines, [`minus its mean ${fixed(mean, 3)} = ${fixed(product - mean, 3)}`]];
}

/** One component of a value or query vector. */
export function sayComponent(view: NeuronState, component: number, entry: number): [Said, ...Said[]] {
  const side = view.terms.value === null ? "query" : "key";
  const what = view.strip.value === "value" ? "value" : "query";
  const number = fixed(view.vector(view.position(side, entry))[component], 3);
  return [[`${what} component ${component} of `, { token: labelOf(view, side, entry) }], [number]];
}

/** What the marked neurons have in common. */
export function sayMarks(view: NeuronState): string {
  const { mark } = view.store.settings.value;
  if (view.terms.value === null || mark !== "distance") return "";
  if (!view.sameTokens) return "Queries and keys are different tokens here: there is no distance between them.";
  const decay = view.decay.value;
  if (decay === null) return "Too few keys are seen to say how products go with distance.";
  const marked = view.marked.value.reduce((sum, neuron) => sum + decay.slopes[neuron], 0);
  const moves = decay.slope < 0 ? `falls by ${fixed(-decay.slope, 3)}` : `rises by ${fixed(decay.slope, 3)}`;
  return (
    `q·k ${moves} per token of distance (straight line through all keys seen but the first token); ` +
    `the ${view.marked.value.length} marked neurons fall by ${fixed(-marked, 3)}.`
  );
}

/** How alike the queries of the head are. */
export function sayAlike(view: NeuronState): string {
  const alike = view.alike.value;
  if (alike === null || Number.isNaN(alike.mean)) return "";
  const words =
    alike.mean > 0.9
      ? "nearly equal"
      : alike.mean > 0.6
        ? "much alike"
        : alike.mean > 0.3
          ? "somewhat alike"
          : "not alike";
  return `The query vectors of head ${view.subject.value?.head} are ${words}: mean cosine of two of them ${fixed(alike.mean)}.`;
}

/** Why there are no neurons to show, "" where there are. */
export function sayWhyEmpty(view: NeuronState): string {
  const { loading, drawn, layerMeta } = view.store;
  const layer = view.head.picture.value?.layer;
  if (loading.value.state === "failed") return loading.value.error.message;
  if (drawn.value.head === null) return "No head is in focus: choose one to see its neurons.";
  if (layer?.vectors === null) {
    if (layer.rounding > 0) return `Queries and keys of layer ${layer.layer} were not saved. Run the cell to see them.`;
    const { reason } = layerMeta.value;
    return `No queries and keys are known that make the weights of layer ${layer.layer}. ${reason}`.trim();
  }
  if (view.subject.value === null) {
    return (
      notice(view.head, loading.value) || (layer === undefined ? "" : "The vectors of this head are on their way.")
    );
  }
  const terms = view.terms.value;
  if (terms !== null && terms.count === 0) return "The mask leaves this query no key to look at.";
  return "";
}

/** What one has to know to read the numbers. */
export function sayNotes(view: NeuronState): string[] {
  const { hide_first, hide_special, words, measure } = view.store.settings.value;
  const subject = view.subject.value;
  const terms = view.terms.value;
  if (subject === null) return [];
  const { first, products } = view.columns.value;
  const strips = products ?? first;
  const isCut = strips !== null && strips.count < subject.vectors.d;
  const isHiding = terms !== null && (hide_first || hide_special);
  const lacksNorm =
    subject.layer.valueNorms === null && terms !== null && (measure === "value_norm" || view.strip.value === "value");
  const lacksQueries = terms !== null && view.store.settings.value.strip === "query" && !view.sameTokens;
  return [
    ...(words ? ["Words are merged: a row shows the first sub-word of its word, or the one that is pinned."] : []),
    ...(isHiding
      ? ["The weights here are the model's own: hidden tokens are part of them, and nothing is renormalised."]
      : []),
    ...(lacksNorm ? [`No norm of the values: ${subject.layer.valueNormReason}`] : []),
    ...(lacksQueries ? ["Queries are other tokens than these, so the keys are shown."] : []),
    ...(isCut ? [`Room for the strongest ${strips.count} of ${subject.vectors.d} neurons.`] : []),
  ];
}

export function labelOf(view: NeuronState, side: "query" | "key", entry: number): string {
  const label = view.head.axis(side).entries[entry]?.label ?? "";
  return spoken(view.store.settings.value.words ? view.store.side(side).labels[view.position(side, entry)] : label);
}

/** The text of a sentence. */
export function plain(said: Said): string {
  return said
    .map((piece) => (typeof piece === "string" ? piece : "token" in piece ? piece.token : piece.result))
    .join("");
}
