import { beforeEach, describe, expect, it } from "vitest";
import type { KernelSource } from "../../js/source/kernel.js";
import type { ThumbnailQuestion, Thumbnails } from "../../js/source/source.js";
import { SourceError } from "../../js/source/source.js";
import { synthesize } from "../browser/page/synthetic.js";
import { Line, sourceOver } from "./line.js";

const tokens = ["a", "b", "c", "d"];
const capture = synthesize({ tokens, heads: 2, groups: 1, layers: 3, refused: [1] });
const question: ThumbnailQuestion = {
  part: "self",
  size: 2,
  measure: "weight",
  pair_filter: "all",
  hide_special: false,
  reduce: "max",
};

let line: Line;
let source: KernelSource;
let come: [number, Thumbnails | SourceError][];

function ask(layers: number[], signal = new AbortController().signal): Promise<void> {
  return source.thumbnails(question, layers, { signal, onLayer: (layer, answer) => come.push([layer, answer]) });
}

/** What the pictures say, as numbers. */
function numbers(of: Uint8Array | null | undefined, scale = 1): number[] {
  return Array.from(of ?? [], (byte) => scale * (byte / 255) ** 2);
}

beforeEach(() => {
  line = new Line();
  source = sourceOver(line);
  come = [];
});

describe("thumbnails", () => {
  it("are asked for in one request for all layers", () => {
    ask([2, 0]).catch(() => {});
    expect(line.sent.map(({ op, args, limit }) => [op, args, limit])).toEqual([
      ["thumbnails", { ...question, layers: [2, 0] }, 63 << 16],
    ]);
  });

  it("are handed over layer by layer, the next after one that has none", async () => {
    const end = ask([0, 1, 2]);
    line.chunk(capture.thumbnails(question, 0));
    expect(come.map(([layer]) => layer)).toEqual([0]);
    const refused = { kind: "refused", layer: 1, error: "RefusedLayer", message: capture.refusal(1) };
    line.deliver({ v: 1, id: line.sent[0].id, ...refused });
    line.chunk(capture.thumbnails(question, 2));
    await end;
    expect(come.map(([layer]) => layer)).toEqual([0, 1, 2]);
    expect(come[1][1]).toMatchObject({ name: "RefusedLayer", message: capture.refusal(1) });
    expect(come[1][1]).toBeInstanceOf(SourceError);
    expect(line.listeners).toHaveLength(0);
  });

  it("are the largest weight of each cell, and the mean of the first token's", async () => {
    const end = ask([0]);
    line.chunk(capture.thumbnails(question, 0));
    await end;
    const made = source.peekThumbnails(question, 0);
    const [, second] = [capture.weights(0, 0), capture.weights(0, 1)];
    expect([made?.rows, made?.columns, made?.rowEdges, made?.columnEdges]).toEqual([2, 2, [0, 2, 4], [1, 2, 4]]);
    const corner = Math.max(second[2][2], second[2][3], second[3][2], second[3][3]);
    expect(Math.sqrt(numbers(made?.body)[7])).toBeCloseTo(Math.sqrt(corner), 2);
    expect(Math.sqrt(numbers(made?.rail)[3])).toBeCloseTo(Math.sqrt((second[2][0] + second[3][0]) / 2), 2);
  });

  it("that came in pieces, some of them twice, are whole", async () => {
    const end = ask([0, 2]);
    for (const [layer, index] of [
      [0, 1],
      [2, 0],
      [0, 1],
      [0, 0],
      [0, 0],
      [2, 1],
    ]) {
      line.chunk(capture.thumbnails(question, layer), index, 2);
    }
    await end;
    expect(come.map(([layer]) => layer)).toEqual([0, 2]);
    expect(source.peekThumbnails(question, 2)?.body).toEqual(
      capture.thumbnails(question, 2).payload.slice(0, 2 * 2 * 2),
    );
  });

  it("that are at hand are handed over at once, and only the others are asked for", async () => {
    const first = ask([0]);
    line.chunk(capture.thumbnails(question, 0));
    await first;
    const second = ask([2, 0]);
    expect(come.map(([layer]) => layer)).toEqual([0, 0]);
    expect(line.sent[1].args.layers).toEqual([2]);
    line.chunk(capture.thumbnails(question, 2), 0, 1, line.sent[1].id);
    await second;
    await ask([0, 2]);
    expect(line.sent).toHaveLength(2);
  });

  it("of another question are others", async () => {
    const end = ask([0]);
    line.chunk(capture.thumbnails(question, 0));
    await end;
    expect(source.peekThumbnails({ ...question, size: 3 }, 0)).toBeUndefined();
    expect(source.peekThumbnails({ ...question, measure: "value_norm" }, 0)).toBeUndefined();
  });

  it("that came along with the widget need no answer", async () => {
    const made = [2, 0].map((layer) => capture.thumbnails(question, layer));
    const payload = Uint8Array.from(made.flatMap((one) => [...one.payload]));
    source.keepFirst({ question, layers: made.map(({ header }) => header) }, payload);
    await ask([0, 2]);
    expect(line.sent).toHaveLength(0);
    expect(come.map(([layer, one]) => [layer, "body" in one && numbers(one.body)])).toEqual(
      [0, 2].map((layer) => [layer, numbers(capture.thumbnails(question, layer).payload.slice(0, 8))]),
    );
  });

  it("are cancelled in the kernel, and what came is kept", async () => {
    const ending = new AbortController();
    const end = ask([0, 2], ending.signal);
    line.chunk(capture.thumbnails(question, 0));
    ending.abort();
    await expect(end).rejects.toThrow("abort");
    expect(line.sent.map(({ kind }) => kind)).toEqual(["request", "cancel"]);
    expect(source.peekThumbnails(question, 0)).toBeDefined();
  });

  it("that arrive damaged are said to be", async () => {
    const end = ask([0]);
    const { header } = capture.thumbnails(question, 0);
    line.chunk({ header, payload: new Uint8Array(3) });
    await expect(end).rejects.toThrow("arrived damaged");
  });
});
