import { describe, expect, it } from "vitest";
import { EmbeddedSource } from "../../js/source/embedded.js";
import { SourceError, type ThumbnailQuestion, type Thumbnails } from "../../js/source/source.js";
import { thumbnailsOf } from "../../js/source/thumbnails.js";
import { layerOfPart, partOf } from "../../js/store/meta.js";
import { synthesize } from "../browser/page/synthetic.js";
import { packed } from "./packed.js";

const tokens = ["[CLS]", "the", "doctor", "asked", "[SEP]", "she", "said", "[SEP]"];
const capture = synthesize({
  tokens,
  special: [0, 4, 7],
  segments: [0, 0, 0, 0, 0, 1, 1, 1],
  heads: 4,
  groups: 2,
  layers: 4,
  dense: 3,
  refused: [1],
});
const meta = capture.meta;

const embedded = [0, 2, 3].map((layer) => {
  const { header, payload } = capture.packet(layer);
  return { header, payload: packed(new Uint8Array(payload)) };
});

function sides(part: string) {
  const { query_side, key_side } = partOf(meta, part);
  return { queries: meta.sides[query_side], keys: meta.sides[key_side] };
}

const made = () =>
  new EmbeddedSource(embedded, {
    sides,
    whyNot: (part, layer) => layerOfPart(partOf(meta, part), layer).reason,
  });

const question: ThumbnailQuestion = {
  part: "self",
  size: 3,
  measure: "weight",
  pair_filter: "all",
  hide_special: false,
  reduce: "max",
};

async function ask(layers: number[], changes: Partial<ThumbnailQuestion> = {}, source = made()) {
  const come: [number, Thumbnails | SourceError][] = [];
  const { signal } = new AbortController();
  await source.thumbnails({ ...question, ...changes }, layers, {
    signal,
    onLayer: (layer, answer) => come.push([layer, answer]),
  });
  return come;
}

describe("layers that stand in the page", () => {
  it("are read in both forms", async () => {
    for (const layer of [0, 3]) {
      const data = await made().layer("self", layer);
      expect(data.vectors === null).toBe(layer === 3);
      capture.weights(layer, 2)[5].forEach((weight, key) => {
        expect(data.row(2, 5)[key]).toBeCloseTo(weight, 6);
      });
    }
  });

  it("that are not there say why", async () => {
    await expect(made().layer("self", 1)).rejects.toMatchObject({ name: "RefusedLayer", message: capture.refusal(1) });
    expect(made().peek("self", 1)).toBeUndefined();
  });
});

describe("pictures of heads", () => {
  const filters = ["all", "a->a", "a->b", "b->a", "b->b"];
  const questions = filters.flatMap((pair_filter) =>
    [true, false].flatMap((hide_special) =>
      (["weight", "value_norm"] as const).flatMap((measure) =>
        (["max", "mean"] as const).map((reduce) => ({ pair_filter, hide_special, measure, reduce })),
      ),
    ),
  );
  it.each(questions)("follow the plain rules: %o", async (changes) => {
    const [[, ours]] = await ask([0], changes);
    const { header, payload } = capture.thumbnails({ ...question, ...changes }, 0);
    const {
      scale: wantedScale,
      body: wantedBody,
      rail: wantedRail,
      ...wanted
    } = thumbnailsOf(header, [new Uint8Array(payload)]);
    const { scale, body, rail, ...rest } = ours as Thumbnails;
    expect(rest).toEqual(wanted);
    expect(scale).toBeCloseTo(wantedScale, 5);
    expect(farthest(body, wantedBody)).toBeLessThanOrEqual(1); // of 255: float32 sums are rounded here and there
    expect(rail === null).toBe(wantedRail === null);
    expect(farthest(rail ?? body, wantedRail ?? wantedBody)).toBeLessThanOrEqual(1);
  });

  it("come layer by layer, the next after one that has none, and are kept", async () => {
    const source = made();
    const come = await ask([0, 1, 3], {}, source);
    expect(come.map(([layer]) => layer)).toEqual([0, 1, 3]);
    expect(come[1][1]).toBeInstanceOf(SourceError);
    expect(source.peekThumbnails(question, 3)).toBe(come[2][1]);
    expect((await ask([3], {}, source))[0][1]).toBe(come[2][1]);
  });

  it("that came along stand in for a layer that is not there, at any size, and only for the same question", async () => {
    const { header, payload } = capture.thumbnails(question, 0);
    const first = thumbnailsOf(header, [new Uint8Array(payload)]);
    const pictures = { question, layers: [first] };
    const source = new EmbeddedSource([], { sides, whyNot: (_, layer) => `layer ${layer} was not saved`, pictures });
    expect(source.peekThumbnails(question, 0)).toBe(first);
    expect((await ask([0], { size: 8 }, source))[0][1]).toBe(first);
    const [[, other], [, missing]] = await ask([0, 2], { measure: "value_norm" }, source);
    expect(other).toMatchObject({ message: "layer 0 was not saved" });
    expect(missing).toMatchObject({ message: "layer 2 was not saved" });
  });

  it("end with the interest in them", async () => {
    const ending = new AbortController();
    const seen: number[] = [];
    const asked = made().thumbnails(question, [0, 2, 3], {
      signal: ending.signal,
      onLayer: (layer) => {
        seen.push(layer);
        ending.abort();
      },
    });
    await expect(asked).rejects.toMatchObject({ name: "AbortError" });
    expect(seen).toEqual([0]);
  });
});

function farthest(one: Uint8Array, other: Uint8Array): number {
  expect(one.length).toBe(other.length);
  return one.reduce((most, value, at) => Math.max(most, Math.abs(value - other[at])), 0);
}
