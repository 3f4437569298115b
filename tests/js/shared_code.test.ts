import { expect, it } from "vitest";
import { START } from "../../js/store/selection.js";
import { DEFAULTS } from "../../js/store/settings.js";
import { codeOf } from "../../js/views/shared/code.js";
import { synthesize } from "../browser/page/synthetic.js";

const { meta } = synthesize({ tokens: ["a", "b"], heads: 4, layers: 2 });
const cross = { ...meta, parts: [meta.parts[0], { ...meta.parts[0], name: "cross" }] };

it("names what is selected, and the settings that are not as they start", () => {
  const selection = { ...START, layer: 1, heads: [1, 3], head: 3, query: 0, neuron: 9, scale: "neuron" as const };
  const settings = { ...DEFAULTS, hide_first: true, show_layers: [0, 1], pair_filter: "a->b" as const, split: 0.6 };
  expect(codeOf(meta, 4, selection, settings).split("\n")).toEqual([
    'view.select(layer=1, heads=[1, 3], head=3, query=0, neuron=9, scale="neuron")',
    'view.pair_filter = "a->b"',
    "view.hide_first = True",
    "view.show_layers = [0, 1]",
    "view.split = 0.6",
  ]);
});

it("names the part where there are several, and all heads in short", () => {
  const selection = { ...START, part: "cross", heads: [0, 1, 2, 3], head: 0 };
  expect(codeOf(cross, 4, selection, DEFAULTS)).toBe(
    'view.select(part="cross", layer=0, heads=range(4), head=0, scale="head")',
  );
});
