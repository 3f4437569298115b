import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Following, SourceError, type ThumbnailQuestion, type Thumbnails } from "../../js/source/source.js";
import { ThumbnailLoader, type WantedThumbnails } from "../../js/store/thumbnail_loader.js";

const QUESTION: ThumbnailQuestion = {
  part: "self",
  size: 30,
  measure: "weight",
  pair_filter: "all",
  hide_special: false,
  reduce: "max",
};

function picture(layer: number, size = 30): Thumbnails {
  const body = new Uint8Array(size * size);
  return { layer, heads: 1, rows: size, columns: size, body, rail: null, scale: 1, rowEdges: [], columnEdges: [] };
}

type Handing = Following & { onLayer(layer: number, thumbnails: Thumbnails | SourceError): void };

/** A source that remembers what is asked, and has whatever is put into it. */
class Source {
  readonly asked: {
    question: ThumbnailQuestion;
    layers: readonly number[];
    following: Handing;
    end: (error?: Error) => void;
  }[] = [];
  readonly known = new Map<string, Thumbnails>();

  peekThumbnails({ size, measure }: ThumbnailQuestion, layer: number): Thumbnails | undefined {
    return this.known.get(`${measure} ${size} ${layer}`);
  }

  thumbnails(question: ThumbnailQuestion, layers: readonly number[], following: Handing): Promise<void> {
    return new Promise((resolve, reject) => {
      this.asked.push({ question, layers, following, end: (error) => (error ? reject(error) : resolve()) });
    });
  }
}

describe("thumbnails", () => {
  let source: Source;
  let loader: ThumbnailLoader;
  const wanted = signal<WantedThumbnails | null>(null);
  let stop: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    source = new Source();
    loader = new ThumbnailLoader(source);
    wanted.value = null;
    stop = loader.follow(wanted);
  });

  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  const sizes = () =>
    [...loader.pictures.value].map(([layer, one]) => [layer, one instanceof Error ? one.name : one.rows]);

  it("are those at hand, and nothing is asked", () => {
    for (const layer of [0, 1]) source.known.set(`weight 30 ${layer}`, picture(layer));
    wanted.value = { question: QUESTION, layers: [1, 0] };
    expect(sizes()).toEqual([
      [1, 30],
      [0, 30],
    ]);
    expect(loader.loading.value).toEqual({ state: "ready" });
    expect(source.asked).toEqual([]);
  });

  it("come layer by layer, in the order asked; a layer that has none is told with its reason", async () => {
    wanted.value = { question: QUESTION, layers: [2, 0, 1] };
    const [{ layers, following, end }] = source.asked;
    expect(layers).toEqual([2, 0, 1]);
    following.onLayer(2, picture(2));
    expect(sizes()).toEqual([[2, 30]]);
    expect(loader.loading.value).toMatchObject({ state: "pending", done: 1 / 3 });
    following.onLayer(0, new SourceError("RefusedLayer", "no such mechanism"));
    following.onLayer(1, picture(1));
    end();
    await vi.runAllTimersAsync();
    expect(sizes()).toEqual([
      [2, 30],
      [0, "RefusedLayer"],
      [1, 30],
    ]);
    expect(loader.loading.value).toEqual({ state: "ready" });
  });

  it("are shown coarse, as they came along, until finer ones are there", () => {
    source.known.set("weight 25 0", picture(0, 25));
    wanted.value = { question: QUESTION, layers: [0] };
    expect(sizes()).toEqual([[0, 25]]);
    source.asked[0].following.onLayer(0, picture(0));
    expect(sizes()).toEqual([[0, 30]]);
  });

  it("of another size are asked for once the size has settled; until then the ones there are stay", () => {
    wanted.value = { question: QUESTION, layers: [0] };
    source.asked[0].following.onLayer(0, picture(0));
    wanted.value = { question: { ...QUESTION, size: 31 }, layers: [0] };
    wanted.value = { question: { ...QUESTION, size: 33 }, layers: [0] };
    expect(sizes()).toEqual([[0, 30]]);
    expect(source.asked).toHaveLength(1);
    vi.advanceTimersByTime(200);
    expect(source.asked.map(({ question }) => question.size)).toEqual([30, 33]);
  });

  it("of another measure are never shown in place of those wanted; what is no longer wanted is given up", () => {
    wanted.value = { question: QUESTION, layers: [0] };
    const [{ following }] = source.asked;
    wanted.value = { question: { ...QUESTION, measure: "value_norm" }, layers: [0] };
    expect(following.signal.aborted).toBe(true);
    following.onLayer(0, picture(0)); // too late
    expect(sizes()).toEqual([]);
    expect(source.asked).toHaveLength(2);
  });

  it("say how long one has been waiting, and what went wrong", async () => {
    wanted.value = { question: QUESTION, layers: [0] };
    expect(loader.loading.value).toEqual({ state: "pending", since: "now", done: 0 });
    vi.advanceTimersByTime(1500);
    expect(loader.loading.value).toEqual({ state: "pending", since: "busy", done: 0 });
    const error = new SourceError("NoKernel", "This page has no kernel to ask.");
    source.asked[0].end(error);
    await vi.runAllTimersAsync();
    expect(loader.loading.value).toEqual({ state: "failed", error });
  });
});
