/** What a page takes of a file, holds and computes, and what it says of the rest. */
import { describe, expect, it } from "vitest";
import { OpenFile } from "../../js/files/capture.js";
import { FileSource } from "../../js/files/source.js";
import { crc32 } from "../../js/source/crc32.js";
import { SourceError, type ThumbnailQuestion, type Thumbnails } from "../../js/source/source.js";
import { assembled, fileNamed, following, open, piecesOf } from "./saved.js";

const question: ThumbnailQuestion = {
  part: "self",
  size: 4,
  measure: "weight",
  pair_filter: "all",
  hide_special: false,
  reduce: "max",
};

async function pictured(source: FileSource, changes: Partial<ThumbnailQuestion> = {}) {
  const come: (Thumbnails | SourceError)[] = [];
  const onLayer = (_: number, one: Thumbnails | SourceError) => come.push(one);
  await source.thumbnails({ ...question, ...changes }, [0], { ...following, onLayer });
  return come[0];
}

/** A file of one layer of vectors of one component, all of them 0. */
function longFile(heads: number, count: number): Uint8Array<ArrayBuffer> {
  const tensors: Record<string, [dtype: string, shape: number[], Uint8Array]> = {};
  const add = (
    name: string,
    dtype: string,
    shape: number[],
    array: Float32Array | Float64Array | Int32Array | Uint8Array,
  ) => {
    tensors[name] = [dtype, shape, new Uint8Array(array.buffer)];
  };
  add(
    "words",
    "I32",
    [count],
    Int32Array.from({ length: count }, (_, at) => at),
  );
  add("special", "U8", [count], new Uint8Array(count));
  add("query", "F32", [heads, count, 1], new Float32Array(heads * count));
  add("key", "F32", [1, count, 1], new Float32Array(count));
  add("value", "F32", [1, count, 1], new Float32Array(count));
  add("lse", "F64", [heads, count], new Float64Array(heads * count).fill(Math.log(count)));
  add("norms", "F32", [heads, count], new Float32Array(heads * count).fill(2));
  add("start", "I32", [count], new Int32Array(count));
  add("stop", "I32", [count], new Int32Array(count).fill(count));
  const { header, description } = piecesOf(fileNamed("saved/vectors"));
  const texts = Array(count).fill("a");
  const columns = { words: "words", special: "special" };
  description.axes = [{ ...description.axes[0], texts, labels: texts, tensors: columns }];
  const [layer] = description.parts[0].layers;
  const ofLayer = Object.keys(tensors).slice(2);
  const named = Object.fromEntries(ofLayer.map((name) => [name, { name }]));
  description.parts[0].layers = [{ ...layer, heads, kv_heads: 1, tensors: named }];
  for (const name of Object.keys(header)) delete header[name];
  description.tensors = {};
  let end = 0;
  for (const [name, [dtype, shape, bytes]] of Object.entries(tensors)) {
    description.tensors[name] = { dtype, shape, crc32: crc32(bytes) };
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  const all = new Uint8Array(end);
  for (const [name, [, , bytes]] of Object.entries(tensors)) all.set(bytes, header[name].data_offsets[0]);
  return assembled({ header, description, tensors: all });
}

describe("a layer of many weights", () => {
  const [heads, count] = [60, 12000]; // some 10 MB of vectors, 8.6e9 products

  it("is read row by row, without pictures and without norms, and says why", async () => {
    const file = await open(longFile(heads, count));
    expect(file.isLight).toBe(false);
    const source = new FileSource(file);
    const layer = await source.layer("self", 0, following);
    expect(layer.row(heads - 1, 7)[count - 1]).toBeCloseTo(1 / count, 9);
    expect(layer.valueNorms).toBeNull();
    expect(layer.valueNormReason).toMatch(
      /^Norms of values take a pass over all weights, of which this text has too many/,
    );
    const why = await pictured(source);
    expect(why).toBeInstanceOf(SourceError);
    expect(why).toMatchObject({
      name: "OverBudget",
      message: expect.stringMatching(/^Layer 0 has 60 × 12000 × 12000 weights, too many .* with hs\.load in Python\.$/),
    });
  });

  it("has the largest norm found with pauses, once for all who wait", async () => {
    const source = new FileSource(await open(longFile(8, 2000)));
    const layer = await source.layer("self", 0, following);
    const norms = { heads: [], norms: true };
    let turns = 0;
    const ticking = setInterval(() => (turns += 1));
    expect(layer.isHere(norms)).toBe(false);
    await Promise.all([layer.bring(norms, following), layer.bring(norms, following)]);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(2);
    expect(layer.isHere(norms)).toBe(true);
    expect(layer.valueNormLargest).toBeCloseTo(2 / 2000, 9);
  });

  it("has it found for pictures of weight x norm", async () => {
    const source = new FileSource(await open(longFile(2, 200)));
    const picture = (await pictured(source, { measure: "value_norm" })) as Thumbnails;
    expect(picture.scale).toBeCloseTo(2 / 200, 9);
    expect(new Set(picture.body)).toEqual(new Set([255]));
  });

  it("is light only together with all others of its file", async () => {
    const pieces = piecesOf(longFile(20, 4000));
    expect((await open(assembled(pieces))).isLight).toBe(true);
    const { layers } = pieces.description.parts[0];
    for (let more = 1; more < 4; more++) layers.push({ ...layers[0], layer: more });
    expect((await open(assembled(pieces))).isLight).toBe(false);
  });
});

it("a layer that was refused says why, and the others are read", async () => {
  const pieces = piecesOf(fileNamed("saved/vectors"));
  const { layers } = pieces.description.parts[0];
  const refused = { form: "none", heads: 0, kv_heads: 0, tensors: {}, reason: "what it returned is another" };
  layers[0] = { ...layers[0], ...refused };
  const file = await open(assembled(pieces));
  expect(file.isLight).toBe(true);
  expect(file.meta.parts[0].layers[0]).toMatchObject({ heads: 0, reason: refused.reason });
  const source = new FileSource(file);
  const why = { name: "RefusedLayer", message: refused.reason };
  await expect(source.layer("self", 0, following)).rejects.toMatchObject(why);
  expect(await pictured(source)).toMatchObject(why);
  expect(await pictured(source, { size: 25 })).toMatchObject(why);
  expect((await source.layer("self", 1, following)).heads).toBe(4);
});

describe("the layers that are held", () => {
  it("keeps no more layers than its budget has room for, those used last", async () => {
    const file = await open(fileNamed("saved/bias"));
    const [one] = await Promise.all([new FileSource(file).layer("self", 0, following)]);
    const rows = 4 * one.heads * one.queries * one.keys;
    const source = new FileSource(file, one.bytes + rows);
    await source.layer("self", 0, following);
    await source.layer("self", 1, following);
    expect(source.peek("self", 0)).toBeUndefined();
    expect(source.peek("self", 1)).toBeDefined();
    expect(source.heldBytes).toBeLessThanOrEqual(one.bytes + rows);
  });

  it("have room for those around only where three fit", async () => {
    const file = await open(fileNamed("saved/bias"));
    const one = await new FileSource(file).layer("self", 0, following);
    const cost = one.bytes + 4 * one.heads * one.queries * one.keys;
    expect(new FileSource(file, 3 * cost).hasRoomAround(one)).toBe(true);
    expect(new FileSource(file, 3 * cost - 1).hasRoomAround(one)).toBe(false);
  });
});

it("a layer that is too large for a page is refused before it is read, with what to do", async () => {
  const count = 3600;
  const { description, header } = piecesOf(fileNamed("saved/weights"));
  const columns = { words: Int32Array.from({ length: count }, (_, at) => at), special: new Uint8Array(count) };
  const texts = Array(count).fill("a");
  description.axes = [
    { ...description.axes[0], texts, labels: texts, tensors: { words: "words", special: "special" } },
  ];
  const [layer] = description.parts[0].layers;
  description.parts[0].layers = [{ ...layer, tensors: { weights: { name: "weights" } } }];
  description.tensors = {
    words: { dtype: "I32", shape: [count], crc32: crc32(new Uint8Array(columns.words.buffer)) },
    special: { dtype: "U8", shape: [count], crc32: crc32(columns.special) },
    weights: { dtype: "F32", shape: [3, count, count], crc32: 0 },
  };
  const weights = 4 * 3 * count * count;
  const ends = [4 * count, 5 * count, 5 * count + weights];
  for (const name of Object.keys(header)) delete header[name];
  Object.entries<object>(description.tensors).forEach(([name, one], at) => {
    header[name] = { ...one, data_offsets: [ends[at - 1] ?? 0, ends[at]] };
  });
  const there = Uint8Array.from([...new Uint8Array(columns.words.buffer), ...columns.special]);
  const data = assembled({ header, description, tensors: there });
  const size = data.length + weights;
  const read = async (start: number, end: number) => {
    if (end > data.length) throw new Error("the weights are read");
    return data.slice(start, end);
  };
  const file = await OpenFile.open({ size, read }, "some.headscope", following.signal);
  const source = new FileSource(file);
  await expect(source.layer("self", 0, following)).rejects.toMatchObject({
    name: "OverBudget",
    message: expect.stringMatching(/^Layer 0 takes 148 MiB .*Open the file with hs\.load in Python\.$/),
  });
});
