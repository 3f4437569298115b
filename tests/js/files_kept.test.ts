/** A view of a file is found again where it was left, whatever the host kept. */
import { expect, it } from "vitest";
import { KeptModel } from "../../js/files/kept_model.js";
import { traitsOf } from "../../js/files/show.js";
import { fileNamed, open } from "./saved.js";

const { meta } = await open(fileNamed("saved/vectors"));
const traits = traitsOf(meta, "explorer");

/** What a host keeps of a view in which these were set. */
function keptAfter(changes: Record<string, unknown>): { layers: string; traits: Record<string, unknown> } {
  const kept: unknown[] = [];
  const model = new KeptModel(traits, { before: undefined, keep: (what) => kept.push(structuredClone(what)) });
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
  return kept[0] as ReturnType<typeof keptAfter>;
}

function found(before: unknown): KeptModel {
  return new KeptModel(traits, { before, keep: () => {} });
}

const LEFT = { layer: 1, heads: [1, 2], head: 2, query: 4, hide_first: true, threshold: 0.2 };

it("the selection and the settings come back", () => {
  const model = found(keptAfter(LEFT));
  for (const [name, value] of Object.entries(LEFT)) expect(model.get(name)).toEqual(value);
});

it.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "layers"],
  ["traits that are none", { ...keptAfter(LEFT), traits: null }],
  ["traits of another file", { ...keptAfter(LEFT), layers: "[]" }],
])("of %s nothing is taken", (_, before) => {
  const model = found(before);
  for (const [name, value] of Object.entries(traits)) expect(model.get(name)).toEqual(value);
});

it.each([{ threshold: "much" }, { theme: "<b>" }, { heads: "no" }, { split: null }, { kind: "head" }, { meta: {} }])(
  "what is no value of its trait is left out: %o",
  (changes) => {
    const before = keptAfter(LEFT);
    const model = found({ ...before, traits: { ...before.traits, ...changes } });
    for (const name of Object.keys(changes)) expect(model.get(name)).toEqual(traits[name]);
    expect(model.get("hide_first")).toBe(true);
  },
);

it.each([{ part: "cross" }, { layer: 9 }, { heads: [7] }, { head: 3 }, { query: 9 }, { key: 9 }])(
  "a selection of what is not there is left out as a whole: %o",
  (changes) => {
    const before = keptAfter(LEFT);
    const model = found({ ...before, traits: { ...before.traits, ...changes } });
    for (const name of ["part", "layer", "head", "query"]) expect(model.get(name)).toEqual(traits[name]);
    expect(model.get("hide_first")).toBe(true);
  },
);

it("a selection is found again in a file whose tokens are asked for later", () => {
  const sides = meta.sides.map(({ words }) => ({ count: words.length }));
  const paged = { ...traits, meta: { ...meta, sides } };
  const kept: unknown[] = [];
  const model = new KeptModel(paged, { before: undefined, keep: (what) => kept.push(what) });
  model.set("query", 4);
  model.save_changes();
  expect(new KeptModel(paged, { before: kept[0], keep: () => {} }).get("query")).toBe(4);
});
