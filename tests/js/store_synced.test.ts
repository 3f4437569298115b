import { effect } from "@preact/signals";
import { beforeEach, describe, expect, it } from "vitest";
import { Synced } from "../../js/store/synced.js";
import { FakeModel } from "../browser/page/fake_model.js";

const START = { layer: 0, heads: [] as number[], head: null as number | null };

let model: FakeModel;
let ending: AbortController;
let synced: Synced<typeof START>;

beforeEach(() => {
  model = new FakeModel({ layer: 1, heads: [0, 1], head: 0 });
  ending = new AbortController();
  synced = new Synced(model.wrapped({}), START, ending.signal);
});

describe("a value that is synced with traits", () => {
  it("starts as the traits are; what they lack has a default", () => {
    expect(synced.value.value).toEqual({ layer: 1, heads: [0, 1], head: 0 });
    expect(new Synced(new FakeModel({}).wrapped({}), START, ending.signal).value.value).toEqual(START);
  });

  it("is sent in one step, and only what changed of it", () => {
    synced.write({ layer: 2, heads: [0, 1], head: 1 });
    expect(model.steps).toEqual([{ layer: 2, head: 1 }]);
  });

  it("is not sent where nothing changed", () => {
    synced.write({ layer: 1, heads: [0, 1], head: 0 });
    expect(model.steps).toEqual([]);
  });

  it("is never seen half moved, from here or from Python", () => {
    const seen: string[] = [];
    const stop = effect(() => {
      seen.push(JSON.stringify(synced.value.value));
    });
    synced.write({ layer: 2, heads: [5], head: 5 });
    model.push({ layer: 3, heads: [], head: null });
    stop();
    expect(seen).toEqual([
      '{"layer":1,"heads":[0,1],"head":0}',
      '{"layer":2,"heads":[5],"head":5}',
      '{"layer":3,"heads":[],"head":null}',
    ]);
  });

  it("takes back what Python refused", () => {
    synced.write({ layer: 9, heads: [0, 1], head: 0 });
    model.push({ layer: 1 });
    expect(synced.value.value.layer).toBe(1);
  });

  it("can be shown without being sent, and is then sent all the same", () => {
    synced.preview({ ...synced.value.value, layer: 4 });
    expect([synced.value.value.layer, model.steps]).toEqual([4, []]);
    synced.write(synced.value.value);
    expect(model.steps).toEqual([{ layer: 4 }]);
  });

  it("leaves no listener behind", () => {
    expect(model.listenerCount).toBe(3);
    ending.abort();
    expect(model.listenerCount).toBe(0);
  });
});
