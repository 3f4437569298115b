import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LayerData } from "../../js/source/layer.js";
import type { Following, Source } from "../../js/source/source.js";
import { Loader, type Wanted } from "../../js/store/loader.js";
import { layerOfWeights } from "./layers.js";

const data = layerOfWeights([[[1]]]);

/** A source whose answers the test gives. */
class Slow implements Pick<Source, "peek" | "layer" | "hasRoomAround"> {
  hasRoom = true;
  readonly asked: (Following & { layer: number; resolve(data: LayerData): void; reject(error: Error): void })[] = [];
  readonly known = new Map<number, LayerData>();
  hasRoomAround(): boolean {
    return this.hasRoom;
  }
  peek(_: string, layer: number): LayerData | undefined {
    return this.known.get(layer);
  }
  layer(_: string, layer: number, following: Following): Promise<LayerData> {
    return new Promise((resolve, reject) => this.asked.push({ ...following, layer, resolve, reject }));
  }
}

let source: Slow;
let loader: Loader;
const wanted = signal<Wanted>({ part: "self", layer: 0, refusal: "", around: [] });
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  source = new Slow();
  loader = new Loader(source);
  wanted.value = { part: "self", layer: 0, refusal: "", around: [] };
  stop = loader.follow(wanted);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

describe("a layer that is wanted", () => {
  it("is pending, after 300 ms noticed, after 1.5 s taken for a busy kernel, after 30 s for one that has gone", () => {
    expect(loader.loading.value).toEqual({ state: "pending", since: "now", done: 0 });
    vi.advanceTimersByTime(300);
    expect(loader.loading.value).toMatchObject({ since: "noticed" });
    vi.advanceTimersByTime(1200);
    expect(loader.loading.value).toMatchObject({ since: "busy" });
    source.asked[0].onProgress?.(0.5);
    expect(loader.loading.value).toEqual({ state: "pending", since: "busy", done: 0.5 });
    vi.advanceTimersByTime(28_500);
    expect(loader.loading.value).toMatchObject({ since: "silent" });
  });

  it("is there when it has come, and no timer is left", async () => {
    source.asked[0].resolve(data);
    await settled();
    expect([loader.data.value, loader.loading.value]).toEqual([data, { state: "ready" }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is there at once if the source has it", () => {
    source.known.set(1, data);
    wanted.value = { part: "self", layer: 1, refusal: "", around: [] };
    expect([loader.data.value, loader.loading.value.state]).toEqual([data, "ready"]);
  });

  it("gives way to the next one: its request ends, its late answer counts for nothing", async () => {
    wanted.value = { part: "self", layer: 1, refusal: "", around: [] };
    expect(source.asked.map((one) => [one.layer, one.signal.aborted])).toEqual([
      [0, true],
      [1, false],
    ]);
    source.asked[0].resolve(data);
    await settled();
    expect(loader.data.value).toBe(null);
  });

  it("leaves the one before in the picture while it is pending", async () => {
    source.asked[0].resolve(data);
    await settled();
    wanted.value = { part: "self", layer: 1, refusal: "", around: [] };
    expect([loader.data.value, loader.loading.value.state]).toEqual([data, "pending"]);
  });

  it("that fails says why, and can be asked for again", async () => {
    source.asked[0].reject(new Error("no kernel"));
    await settled();
    expect(loader.loading.value).toMatchObject({ state: "failed", error: { message: "no kernel" } });
    wanted.value = { ...wanted.value };
    expect(loader.loading.value.state).toBe("pending");
  });

  it("that was refused is not asked for", () => {
    wanted.value = { part: "self", layer: 2, refusal: "a bias was not recorded", around: [] };
    expect(loader.loading.value).toMatchObject({ state: "failed", error: { message: "a bias was not recorded" } });
    expect(source.asked).toHaveLength(1);
  });

  it("is no longer wanted when nobody follows", () => {
    stop();
    expect([source.asked[0].signal.aborted, source.asked.length]).toEqual([true, 1]);
  });
});

describe("the layers around one that was stepped to", () => {
  const REST_MS = 500;
  async function step(layer: number, around: number[]): Promise<void> {
    wanted.value = { part: "self", layer, refusal: "", around };
    source.asked.at(-1)?.resolve(data);
    await settled();
  }
  const askedFor = () => source.asked.map(({ layer }) => layer);

  it("come one after the other once one stays", async () => {
    await step(4, [5, 3]);
    await step(5, [6, 4]);
    expect(askedFor()).toEqual([0, 4, 5]);
    await vi.advanceTimersByTimeAsync(REST_MS);
    expect(askedFor()).toEqual([0, 4, 5, 6]);
    source.asked[3].resolve(data);
    await settled();
    expect(askedFor()).toEqual([0, 4, 5, 6, 4]);
    expect(loader.loading.value.state).toBe("ready");
  });

  it("are no longer asked for when another one is wanted", async () => {
    await step(4, [5, 3]);
    await step(5, [6, 4]);
    await vi.advanceTimersByTimeAsync(REST_MS);
    wanted.value = { part: "self", layer: 9, refusal: "", around: [] };
    expect(source.asked[3].signal.aborted).toBe(true);
    source.asked[3].resolve(data);
    await settled();
    expect(askedFor()).toEqual([0, 4, 5, 6, 9]);
  });

  it("stay away where there is no room, and before the first step", async () => {
    await step(0, [1]);
    await vi.advanceTimersByTimeAsync(REST_MS);
    source.hasRoom = false;
    await step(1, [2, 0]);
    await vi.advanceTimersByTimeAsync(REST_MS);
    expect(askedFor()).toEqual([0, 0, 1]);
  });
});
