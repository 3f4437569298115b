import { beforeEach, describe, expect, it } from "vitest";
import type { Source } from "../../js/source/source.js";
import { DEFAULTS } from "../../js/store/settings.js";
import { Store } from "../../js/store/store.js";
import { FakeModel } from "../browser/page/fake_model.js";
import { synthesize } from "../browser/page/synthetic.js";

const { meta } = synthesize({ tokens: ["a", "b", "c"], heads: 4, groups: 4, layers: 3 });
const AT = {
  part: "self",
  layer: 0,
  heads: [0, 1, 2, 3],
  head: 0,
  query: null,
  key: null,
  neuron: null,
  scale: "head",
};

let model: FakeModel;
let store: Store;

/** What changes within one task is one step, so a test waits for the task's end. */
const settle = () => Promise.resolve();

beforeEach(() => {
  model = new FakeModel({ ...AT, ...DEFAULTS, meta });
  store = new Store(model.wrapped({}), {} as Source, new AbortController().signal);
});

describe("the history", () => {
  it("goes back and forth, and sends each move as one step", async () => {
    expect([store.history.canUndo.value, store.history.canRedo.value]).toEqual([false, false]);
    store.select({ layer: 2, heads: [1], head: 1, query: 2 });
    await settle();
    store.set({ words: true });
    await settle();
    store.history.undo();
    store.history.undo();
    expect(model.steps.slice(2)).toEqual([{ words: false }, { layer: 0, heads: [0, 1, 2, 3], head: 0, query: null }]);
    await settle();
    expect([store.history.canUndo.value, store.history.canRedo.value]).toEqual([false, true]);
    store.history.redo();
    expect(store.selection.value).toMatchObject({ layer: 2, heads: [1], head: 1, query: 2 });
  });

  it("has one step for what Python changes together, selection and settings", async () => {
    model.push({ layer: 1, query: 1, hide_first: true });
    await settle();
    store.history.undo();
    expect(model.steps).toEqual([{ layer: 0, query: null, hide_first: false }]);
    await settle();
    expect(store.history.canUndo.value).toBe(false);
  });

  it("forgets what was undone once something else is done", async () => {
    store.select({ query: 1 });
    await settle();
    store.history.undo();
    store.select({ key: 2 });
    await settle();
    expect(store.history.canRedo.value).toBe(false);
    store.history.undo();
    expect(store.selection.value).toMatchObject({ query: null, key: null });
  });

  it("takes a dragged control as one step, and leaves the theme alone", async () => {
    for (const threshold of [0.1, 0.2, 0.3]) {
      store.preview({ threshold });
      await settle();
    }
    store.set({ threshold: 0.3 });
    await settle();
    store.set({ theme: "dark" });
    await settle();
    store.history.undo();
    expect(store.settings.value).toMatchObject({ threshold: DEFAULTS.threshold, theme: "dark" });
    expect(store.history.canUndo.value).toBe(false);
  });

  const layerBy = async (layer: number) => {
    store.select({ layer });
    await settle();
  };

  it("takes what a held key does as one step, and the next press as another", async () => {
    store.history.press();
    await layerBy(1);
    await layerBy(2);
    store.history.release();
    store.history.press();
    await layerBy(1);
    store.history.undo();
    expect(store.selection.value.layer).toBe(2);
    store.history.undo();
    expect(store.selection.value.layer).toBe(0);
  });

  it("does so too when there have been more steps than are kept", async () => {
    for (let step = 1; step <= 300; step++) await layerBy(step % 2);
    store.history.press();
    for (const layer of [2, 1, 2]) await layerBy(layer);
    store.history.undo();
    expect(store.selection.value.layer).toBe(0);
  });
});
