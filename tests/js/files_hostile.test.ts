/** Files that were damaged, or made to deceive: refused with a sentence, or read as they were; never believed. */
import { describe, expect, it } from "vitest";
import type { RangedBytes } from "../../js/files/bytes.js";
import { OpenFile } from "../../js/files/capture.js";
import { UnreadableFile } from "../../js/files/container.js";
import type { Thumbnails } from "../../js/source/source.js";
import { uniform } from "../browser/page/random.js";
import { assembled, fileNamed, fileOf, following, type Pieces, piecesOf, readAll, replaced } from "./saved.js";

const REFUSAL = /^some\.headscope (is damaged: .+\. Save the capture again\.|is no saved capture.+)$/s;

/** Everything that a view may ask of a file. */
async function numbersOf(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const { file, layers } = await readAll(data);
  const rows = layers.flatMap((layer) =>
    Array.from({ length: layer.heads }, (_, head) =>
      Array.from({ length: layer.queries }, (_, query) => [...layer.row(head, query)]),
    ),
  );
  const others = layers.map((layer) => {
    const every = Array.from({ length: layer.heads }, (_, head) => [
      Array.from({ length: layer.keys }, (_, key) => [...layer.column(head, key)]),
      Array.from({ length: layer.queries }, (_, query) => layer.total(head, query)),
    ]);
    return [every, layer.valueNorms, layer.valueNormReason];
  });
  await Promise.all(layers.map((layer) => layer.bring({ heads: [], norms: true }, following)));
  const largest = layers.map((layer) => layer.valueNormLargest);
  return JSON.stringify([file.meta, rows, others, largest, await picturesOf(file)]);
}

/** Whatever stands in a file. */
function picturesOf(file: OpenFile): Promise<Thumbnails[]> {
  const asked = { size: 25, measure: "weight", pair_filter: "all", hide_special: false } as const;
  const all = file.meta.parts.flatMap(({ name, layers }) =>
    (["max", "mean"] as const).flatMap((reduce) =>
      layers.map(({ layer }) => [{ ...asked, part: name, reduce }, layer] as const),
    ),
  );
  const there = all.filter(([question, layer]) => file.cellsIn(question, layer) > 0);
  return Promise.all(there.map(([question, layer]) => file.pictures(question, layer, following.signal)));
}

async function expectRefusal(data: Uint8Array<ArrayBuffer>): Promise<Error> {
  const error = await readAll(data).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error).toBeInstanceOf(UnreadableFile);
  expect(error?.message).toMatch(REFUSAL);
  return error as Error;
}

describe.each(["vectors", "weights", "float16"])("a byte of %s", (name) => {
  const whole = fileNamed(`saved/${name}`);

  it("that is another than it was is noticed, or changes nothing", async () => {
    const before = await numbersOf(whole);
    const wrong: string[] = [];
    for (let at = 0; at < whole.length; at += 7) {
      const data = whole.slice();
      data[at] ^= 1 << (at % 8);
      const after = await numbersOf(data).catch((thrown: Error) => thrown);
      if (after === before || (after instanceof UnreadableFile && REFUSAL.test(after.message))) continue;
      wrong.push(`${at}: ${after instanceof Error ? after : "other numbers"}`);
    }
    expect(wrong).toEqual([]);
  });

  it("that is missing is noticed", async () => {
    for (let length = 0; length < whole.length; length += 97) await expectRefusal(whole.slice(0, length));
    await expectRefusal(Uint8Array.from([...whole, 0]));
  });
});

/** What is put in place of what was said, in a file whose checksums are right. */
const LIES: [string, (pieces: Pieces) => void][] = [
  [
    "a tensor where another stands",
    ({ header }) => (header["self 1.query"].data_offsets = header["self 0.query"].data_offsets),
  ],
  ["a tensor beyond the end", ({ header }) => (header["self 0.query"].data_offsets = [2 ** 40, 2 ** 40 + 720])],
  ["a tensor that ends before it begins", ({ header }) => header["self 0.query"].data_offsets.reverse()],
  ["a tensor of negative place", ({ header }) => (header["self 0.query"].data_offsets[0] = -8)],
  ["a tensor of another shape", said("self 0.query", "shape", [4, 9, 6])],
  ["a tensor of enormous shape", said("self 0.query", "shape", [2 ** 40, 2 ** 40, 0])],
  ["a tensor of five axes", said("self 0.query", "shape", [1, 1, 4, 9, 5])],
  ["a tensor of unknown numbers", said("self 0.query", "dtype", "F8")],
  ["a tensor of numbers that lack meaning", said("self 0.start", "dtype", "F32")],
  ["a tensor that is not described", ({ description }) => delete description.tensors["self 0.query"]],
  ["a tensor under an inherited name", layer((one) => (one.tensors.query.name = "constructor"))],
  ["more heads than there are", layer((one) => (one.heads = 4000))],
  ["more heads than a page takes", layer((one) => (one.heads = 1e9))],
  ["heads in part", layer((one) => (one.heads = 3.5))],
  ["key heads that divide nothing", layer((one) => (one.kv_heads = 3))],
  ["no key heads", layer((one) => (one.kv_heads = 0))],
  ["a layer without queries", layer((one) => delete one.tensors.query)],
  ["a layer without keys", layer((one) => delete one.tensors.key)],
  ["a layer without a mask", layer((one) => delete one.tensors.start)],
  ["a layer whose keys are the tokens' words", layer((one) => (one.tensors.key.name = "axis 0.words"))],
  ["axes that are none", layer((one) => (one.tensors.query.axes = [0, 0, 2]))],
  ["axes of too few", layer((one) => (one.tensors.query.axes = [0, 1]))],
  ["a scaling that is no number", layer((one) => (one.scaling = "1"))],
  ["a form that is none", layer((one) => (one.form = "tables"))],
  ["a tier that is none", layer((one) => (one.tier = 9))],
  ["a reason that is no text", layer((one) => (one.reason = { toString: null }))],
  ["two layers of one number", ({ description }) => (description.parts[0].layers[1].layer = 0)],
  ["a layer number of any size", layer((one) => (one.layer = 2 ** 47))],
  ["no layer", ({ description }) => (description.parts[0].layers = [])],
  ["no part", ({ description }) => (description.parts = [])],
  ["two parts of one name", ({ description }) => description.parts.push(description.parts[0])],
  ["a part of unknown tokens", ({ description }) => (description.parts[0].key = 7)],
  ["parts that are none", ({ description }) => (description.parts = { length: 1 })],
  ["a text too few", axis((one) => one.texts.pop())],
  ["a label that is no text", axis((one) => (one.labels[1] = { __html: "<b>" }))],
  ["a kind of tokens that is none", axis((one) => (one.kind = "pictures"))],
  ["tokens written after the last", axis((one) => (one.generated = 99))],
  ["a picture from elsewhere", axis((one) => (one.picture = picture({ data: "https://example.org/a.png" })))],
  ["a picture of another kind", axis((one) => (one.picture = picture({ mime: "image/svg+xml" })))],
  ["a picture that is large", axis((one) => (one.picture = picture({ data: "A".repeat(1 << 18) })))],
  [
    "words that leap",
    (pieces) => replaced(pieces, "axis 0.words", (bytes) => new Int32Array(bytes.buffer).fill(40, 8)),
  ],
  [
    "words that go back",
    (pieces) => replaced(pieces, "axis 0.words", (bytes) => new Int32Array(bytes.buffer).reverse()),
  ],
  ["segments that are none", (pieces) => replaced(pieces, "axis 0.special", (bytes) => bytes.fill(2))],
  [
    "a mask before the first key",
    (pieces) => replaced(pieces, "self 0.start", (bytes) => new Int32Array(bytes.buffer).fill(-1)),
  ],
  [
    "a mask behind the last key",
    (pieces) => replaced(pieces, "self 0.stop", (bytes) => new Int32Array(bytes.buffer).fill(10)),
  ],
  ["a checksum that is a list", ({ description }) => (description.tensors["self 0.query"].crc32 = [])],
];

// biome-ignore lint/suspicious/noExplicitAny: tests spoil it in every way
type Spoil = (one: any) => unknown;

function layer(spoil: Spoil) {
  return ({ description }: Pieces) => void spoil(description.parts[0].layers[0]);
}

function axis(spoil: Spoil) {
  return ({ description }: Pieces) => void spoil(description.axes[0]);
}

function said(tensor: string, what: string, value: unknown) {
  return ({ header, description }: Pieces) => {
    header[tensor][what] = value;
    description.tensors[tensor][what] = value;
  };
}

function picture(changes: object) {
  return { data: "AAAA", mime: "image/png", width: 4, height: 4, ...changes };
}

describe("a file that says it has", () => {
  it.each(LIES)("%s is refused", async (_, lie) => {
    const pieces = piecesOf(fileNamed("saved/vectors"));
    lie(pieces);
    await expectRefusal(assembled(pieces));
  });
});

describe.each([
  ["vectors", ["query", "key", "value", "lse"]],
  ["bias", ["bias", "norms"]],
  ["mask", ["visible"]],
  ["weights", ["weights"]],
])("of %s", (name, tensors) => {
  it.each(tensors)("a tensor of the right size and another shape is refused: %s", async (what) => {
    const pieces = piecesOf(fileNamed(`saved/${name}`));
    const { header, description } = pieces;
    const { name: tensor } = description.parts[0].layers[0].tensors[what];
    const [first, ...rest] = header[tensor].shape;
    said(tensor, "shape", [...rest, first])(pieces);
    await expectRefusal(assembled(pieces));
  });
});

it("pictures of other heads are no pictures, and the layer's own stand in their place", async () => {
  const pieces = piecesOf(fileNamed("saved/vectors"));
  const { header, description } = pieces;
  for (const one of [header["self 0.overview"], description.tensors["self 0.overview"]]) one.shape.reverse();
  const { source } = await readAll(assembled(pieces));
  const question = { part: "self", size: 25, measure: "weight", pair_filter: "all", hide_special: false } as const;
  await source.begin({ ...question, reduce: "max" }, following.signal);
  expect(source.peekThumbnails({ ...question, reduce: "max" }, 0)).toBeUndefined();
  expect(source.peekThumbnails({ ...question, reduce: "max" }, 1)).toBeDefined();
});

describe("a header", () => {
  /** Hands over its first bytes, and notes what else is asked for. */
  function claiming(length: bigint, size: number): { bytes: RangedBytes; asked: number[] } {
    const asked: number[] = [];
    const read = async (start: number, end: number) => {
      asked.push(end - start);
      const some = new Uint8Array(Math.min(end - start, 1 << 20));
      if (start === 0) new DataView(some.buffer).setBigUint64(0, length, true);
      return some;
    };
    return { bytes: { size, read }, asked };
  }

  it.each([
    ["of no length", 0n, 1e9],
    ["longer than the file", 2n ** 40n, 1e9],
    ["of any length", 2n ** 64n - 1n, 1e9],
    ["out of proportion to its tensors", 64n << 20n, 65 << 20],
    ["too long for a page", 2n ** 30n, 2 ** 34],
  ])("%s is refused before it is read", async (_, length, size) => {
    const { bytes, asked } = claiming(length, size);
    await expect(OpenFile.open(bytes, "some.headscope", following.signal)).rejects.toBeInstanceOf(UnreadableFile);
    expect(asked).toEqual([8]);
  });

  it.each([
    ["nested deeply", `${'{"a":'.repeat(2e4)}1${"}".repeat(2e4)}`, "nested too deeply"],
    ["of lists", "[".repeat(3e5), "more entries than its tensors account for"],
    ["of many entries", `{${'"a":1,'.repeat(1e5)}"b":1}`, "more entries than its tensors account for"],
    ["that is no JSON", "{'a': 1}", "is no JSON"],
    ["that is no mapping", "[1, 2]", "its header is no mapping"],
    ["that is no ASCII", '{"ä": 1}', "is no JSON"],
  ])("%s is refused", async (_, head, why) => {
    const error = await expectRefusal(fileOf(head, new Uint8Array(0)));
    expect(error.message).toContain(why);
  });

  it("whose description is nested deeply is refused", async () => {
    const deep = `${'{"axes":'.repeat(2000)}1${"}".repeat(2000)}`;
    const error = await expectRefusal(assembled(piecesOf(fileNamed("saved/weights")), deep));
    expect(error.message).toContain("nested too deeply");
  });

  it("of some other file is named as such", async () => {
    const error = await expectRefusal(fileOf('{"__metadata__":{"format":"pt"}}', new Uint8Array(0)));
    expect(error.message).toContain("its metadata do not name");
  });
});

it("a mask that ends before it begins shows nothing", async () => {
  const pieces = piecesOf(fileNamed("saved/vectors"));
  replaced(pieces, "self 0.start", (bytes) => new Int32Array(bytes.buffer).fill(2 ** 31 - 1, 2));
  const { layers } = await readAll(assembled(pieces));
  expect([...layers[0].row(0, 4)]).toEqual(Array(9).fill(0));
  expect(layers[0].total(0, 4)).toBe(0);
});

describe("a file in which any value is another", () => {
  const FILES = Number(process.env.FILES ?? 300);
  const VALUES = [null, true, -1, 0, 1, 2, 7, 2 ** 62, 1e300, 0.5, "", "self 0.query", "weights", [], [[]], {}];

  /** Puts one to three values of the description, or of the header, in place of others. */
  function tellLies({ header, description }: Pieces, chance: () => number): void {
    const pick = <Value>(some: readonly Value[]) => some[Math.floor(chance() * some.length)];
    const isFull = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length > 0;
    for (let lies = 1 + Math.floor(3 * chance()); lies > 0; lies--) {
      let inner = chance() < 0.8 ? description : header;
      let at = pick(Object.keys(inner));
      while (isFull(inner[at]) && chance() < 0.85) {
        inner = inner[at];
        at = pick(Object.keys(inner));
      }
      inner[at] = structuredClone(pick([...VALUES, inner[pick(Object.keys(inner))]]));
    }
  }

  it.each(["vectors", "picture", "own", "padding"])("%s, is refused with a sentence, or read", async (name) => {
    const whole = fileNamed(`saved/${name}`);
    const chance = uniform(7);
    const wrong: string[] = [];
    for (let count = 0; count < FILES; count++) {
      const pieces = piecesOf(whole);
      tellLies(pieces, chance);
      const thrown = await numbersOf(assembled(pieces)).then(
        () => null,
        (error: Error) => error,
      );
      if (thrown !== null && !(thrown instanceof UnreadableFile)) wrong.push(`${count}: ${thrown.stack}`);
    }
    expect(wrong).toEqual([]);
  });
});
