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
  const meta = (model.get("meta") ?? {}) as { model?: unknown; sides?: { texts?: unknown }[] };
  const tokens = meta.sides?.[0]?.texts;
  const text = Array.isArray(tokens) ? tokens.slice(0, MOST_CHARACTERS).join("").trim() : "";
  const [layer, head] = [model.get("layer"), model.get("head")];
  return {
    kind: KINDS[String(model.get("kind"))] ?? "View",
    model: String(meta.model ?? ""),
    text: text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)} …` : text,
    at: `layer ${layer}${typeof head === "number" ? `, head ${head}` : ""}`,
  };
}
