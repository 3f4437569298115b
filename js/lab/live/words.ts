import type { WidgetModel } from "../manager.js";

const KINDS: Record<string, string> = {
  explorer: "Explorer",
  model: "Model view",
  head: "Head view",
  neuron: "Neuron view",
};
const MOST_CHARACTERS = 80;

/** What a view is of, in words. Its description comes from a kernel: all of it may be missing. */
export function wordsOf(model: WidgetModel) {
  const meta = (model.get("meta") ?? {}) as { model?: unknown; sides?: { texts?: unknown; words?: unknown }[] };
  const { texts, words } = meta.sides?.[0] ?? {};
  const text = Array.isArray(texts) && Array.isArray(words) ? textOf(texts.map(String), words) : "";
  const [layer, head] = [model.get("layer"), model.get("head")];
  return {
    kind: KINDS[String(model.get("kind"))] ?? "View",
    model: String(meta.model ?? ""),
    text: text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)} …` : text,
    at: `layer ${layer}${typeof head === "number" ? `, head ${head}` : ""}`,
  };
}

/** The text that tokens are of. Tokenizers of words leave out the spaces between these. */
function textOf(texts: string[], words: unknown[]): string {
  const isSpaced = texts.some((text) => /^\s/.test(text));
  const begins = (index: number) => !isSpaced && index > 0 && words[index] !== words[index - 1];
  const some = texts.slice(0, MOST_CHARACTERS);
  return some
    .map((text, index) => (begins(index) ? ` ${text}` : text))
    .join("")
    .trim();
}
