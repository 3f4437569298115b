import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EmbeddedSource } from "../../js/source/embedded.js";
import type { LinksQuestion } from "../../js/source/links.js";
import { type Source, SourceError } from "../../js/source/source.js";
import { LinksLoader, type WantedLinks } from "../../js/store/links_loader.js";
import { ranked } from "../../js/store/ranking.js";
import { synthesize } from "../browser/page/synthetic.js";
import { Line, sourceOver } from "./line.js";
import { packed } from "./packed.js";

const tokens = ["a", "b", "c", "d"];
const capture = synthesize({ tokens, heads: 2, groups: 1, layers: 4, refused: [1], dense: 3 });
const question: LinksQuestion = { part: "self", query: 3, key: 1, measure: "weight" };
const NEVER = new AbortController().signal;

/** What a source hands over. */
async function ask(source: Pick<Source, "links">, layers: number[], changes: Partial<LinksQuestion> = {}) {
  const come = new Map<number, number[] | SourceError>();
  await source.links({ ...question, ...changes }, layers, {
    signal: NEVER,
    onLayer: (layer, answer) => come.set(layer, answer instanceof SourceError ? answer : [...answer]),
  });
  return come;
}

function numbers(layer: number, measure: LinksQuestion["measure"] = "weight"): number[] {
  const { payload } = capture.links({ ...question, measure }, layer);
  return [...new Float32Array(payload.slice().buffer)];
}

describe("the kernel", () => {
  it("is asked once for all layers, and not again for what is known", async () => {
    const line = new Line();
    const source = sourceOver(line);
    const first = ask(source, [0, 2]);
    expect(line.sent).toMatchObject([{ op: "links", args: { ...question, layers: [0, 2] } }]);
    for (const layer of [0, 2]) line.chunk(capture.links(question, layer));
    expect(await first).toEqual(new Map([0, 2].map((layer) => [layer, numbers(layer)])));
    const second = ask(source, [0, 2, 3]);
    expect(line.sent[1].args).toEqual({ ...question, layers: [3] });
    line.chunk(capture.links(question, 3), 0, 1, line.sent[1].id);
    expect([...(await second).keys()]).toEqual([0, 2, 3]);
    ask(source, [0], { query: 2 }).catch(() => {});
    expect(line.sent[2].args).toEqual({ ...question, query: 2, layers: [0] });
  });

  it("says of a layer why it has no answer, and the next follows", async () => {
    const line = new Line();
    const end = ask(sourceOver(line), [1, 2]);
    line.deliver({ v: 1, id: line.sent[0].id, kind: "refused", layer: 1, error: "RefusedLayer", message: "so it is" });
    line.chunk(capture.links(question, 2));
    expect((await end).get(1)).toMatchObject({ name: "RefusedLayer", message: "so it is" });
  });
});

describe("a page of its own", () => {
  const embedded = [0, 2, 3].map((layer) => {
    const { header, payload } = capture.packet(layer);
    return { header, payload: packed(new Uint8Array(payload)) };
  });
  const sides = () => ({ queries: capture.meta.sides[0], keys: capture.meta.sides[0] });
  const source = new EmbeddedSource(embedded, { sides, whyNot: (_, layer) => capture.refusal(layer) });

  it.each(["weight", "value_norm"] as const)("reads it off its layers: %s", async (measure) => {
    const come = await ask(source, [0, 2, 3], { measure });
    for (const layer of [0, 2, 3]) {
      numbers(layer, measure).forEach((number, head) => {
        expect((come.get(layer) as number[])[head]).toBeCloseTo(number, 6);
      });
    }
  });

  it("says why a layer is not there, or has no norms", async () => {
    expect((await ask(source, [1])).get(1)).toMatchObject({ name: "RefusedLayer", message: capture.refusal(1) });
    const bare = synthesize({ tokens, heads: 2, groups: 1, layers: 1, valueNormReason: "not known" });
    const { header, payload } = bare.packet(0);
    const layers = [{ header, payload: packed(new Uint8Array(payload)) }];
    const come = await ask(new EmbeddedSource(layers, { sides, whyNot: () => "" }), [0], { measure: "value_norm" });
    expect(come.get(0)).toMatchObject({ name: "UnknownProjection", message: "not known" });
  });
});

describe("the ranking", () => {
  it("has the largest first, equal ones in the order of the model, and what is no number nowhere", () => {
    const layers = new Map<number, Float32Array | Error>([
      [2, Float32Array.of(0.25, 0.5)],
      [0, Float32Array.of(0.25, Number.NaN, 0.75)],
      [1, new Error("refused")],
    ]);
    expect(ranked(layers)).toEqual([
      { layer: 0, head: 2, weight: 0.75 },
      { layer: 2, head: 1, weight: 0.5 },
      { layer: 0, head: 0, weight: 0.25 },
      { layer: 2, head: 0, weight: 0.25 },
    ]);
  });
});

describe("the loader", () => {
  type Asked = Parameters<Source["links"]>[2] & { end: (error?: Error) => void };
  const asked: Asked[] = [];
  const links: Source["links"] = (_, __, following) =>
    new Promise((resolve, reject) => {
      asked.push({ ...following, end: (error) => (error ? reject(error) : resolve()) });
    });
  const wanted = signal<WantedLinks | null>(null);
  let loader: LinksLoader;
  let stop: () => void;
  const shown = () => [...(loader.answers.value?.layers.keys() ?? [])];

  beforeEach(() => {
    vi.useFakeTimers();
    asked.length = 0;
    wanted.value = null;
    loader = new LinksLoader({ links });
    stop = loader.follow(wanted);
  });

  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  it("asks nothing while nothing is wanted", () => {
    expect(asked).toEqual([]);
    expect(loader.answers.value).toBeNull();
  });

  it("shows together what comes together, and tells how far it is", async () => {
    wanted.value = { question, layers: [0, 1, 2] };
    asked[0].onLayer(0, Float32Array.of(0.5));
    asked[0].onLayer(1, Float32Array.of(0.25));
    expect(shown()).toEqual([]);
    expect(loader.loading.value).toMatchObject({ state: "pending", done: 2 / 3 });
    vi.advanceTimersByTime(100);
    expect(shown()).toEqual([0, 1]);
    asked[0].onLayer(2, Float32Array.of(0.25));
    asked[0].end();
    await vi.advanceTimersByTimeAsync(0);
    expect(shown()).toEqual([0, 1, 2]);
    expect(loader.loading.value.state).toBe("ready");
  });

  it("keeps the pair before until the next one is there, and forgets it with the pins", async () => {
    wanted.value = { question, layers: [0] };
    asked[0].onLayer(0, Float32Array.of(0.5));
    asked[0].end();
    await vi.advanceTimersByTimeAsync(0);
    wanted.value = { question: { ...question, key: 2 }, layers: [0] };
    expect(loader.answers.value?.question.key).toBe(1);
    wanted.value = null;
    expect(asked[1].signal.aborted).toBe(true);
    asked[1].onLayer(0, Float32Array.of(0.25));
    vi.advanceTimersByTime(100);
    expect(loader.answers.value).toBeNull();
  });

  it("tells of a failure", async () => {
    wanted.value = { question, layers: [0] };
    asked[0].end(new SourceError("CaptureClosed", "closed"));
    await vi.advanceTimersByTimeAsync(0);
    expect(loader.loading.value).toMatchObject({ state: "failed", error: { message: "closed" } });
  });
});
