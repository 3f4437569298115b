/** Saved captures, read in the page: the numbers are Python's. */
import { describe, expect, it } from "vitest";
import { bytesOfBlob, type RangedBytes } from "../../js/files/bytes.js";
import { OpenFile, VERSION } from "../../js/files/capture.js";
import { floatsOf } from "../../js/files/numbers.js";
import { traitsOf } from "../../js/files/show.js";
import { FileSource } from "../../js/files/source.js";
import type { LayerData } from "../../js/source/layer.js";
import type { SourceError, ThumbnailQuestion, Thumbnails } from "../../js/source/source.js";
import { partOf } from "../../js/store/meta.js";
import { FIRST_SIZE } from "../../js/store/thumbnail_loader.js";
import { expectClose, golden, type Spelled } from "./golden.js";
import { assembled, fileNamed, following, open, piecesOf, readAll } from "./saved.js";

interface SaidLayer {
  part: string;
  layer: number;
  /** By head and query. */
  weights: Record<string, Spelled[]>;
  column: Spelled[];
  norms: Spelled[] | null;
  no_norms?: string;
  largest: number;
  neurons: { query: Spelled[]; key: Spelled[]; dot: Spelled[] } | null;
}

const { files } = golden<{
  files: Record<string, { parts: string[]; levels: object[]; layers: SaidLayer[] }>;
}>("files");

describe.each(Object.entries(files))("the saved capture %s", (name, said) => {
  const data = fileNamed(`saved/${name}`);

  it("has the parts, the layers and the levels that Python reads", async () => {
    const { meta } = await open(data);
    expect(meta.parts.map((part) => part.name)).toEqual(said.parts);
    const layers = meta.parts.flatMap((part) => part.layers.map(({ layer }) => [part.name, layer]));
    expect(layers).toEqual(said.layers.map(({ part, layer }) => [part, layer]));
    const sides = meta.parts.flatMap((part) => [part.query_side, part.key_side]);
    expect(sides.map((side) => meta.sides[side].levels)).toEqual(said.levels);
  });

  it.each(said.layers)("answers of $part layer $layer as Python does", async (wanted) => {
    const source = new FileSource(await open(data));
    const layer = await source.layer(wanted.part, wanted.layer, following);
    for (const [at, row] of Object.entries(wanted.weights)) {
      const [head, query] = at.split(" ").map(Number);
      expectClose(layer.row(head, query), row, 1e-5);
    }
    expectClose(layer.column(layer.heads - 1, 2), wanted.column, 1e-5);
    expect(layer.valueNorms === null).toBe(wanted.norms === null);
    if (wanted.norms !== null) expectClose(layer.valueNorms ?? [], wanted.norms, 1e-5);
    expect(layer.valueNormReason).toBe(wanted.no_norms ?? "");
    await layer.bring({ heads: [], norms: true }, following);
    expectClose([layer.valueNormLargest], [wanted.largest], 1e-5 * Math.max(1, wanted.largest));
    expectNeurons(layer, wanted.neurons);
  });
});

const QUERY = 5;

function expectNeurons(layer: LayerData, wanted: SaidLayer["neurons"]): void {
  if (wanted === null || layer.vectors === null) {
    expect(layer.vectors).toBeNull(); // of a function of the model's own the page has the weights alone
    return;
  }
  const { vectors } = layer;
  const head = layer.heads - 1;
  expectClose(vectors.query(head, QUERY), wanted.query, 1e-5);
  expectClose(vectors.key(head, 2), wanted.key, 1e-5);
  const dots = wanted.dot.map((_, key) => {
    const at = vectors.key(head, key);
    return vectors.scaling * vectors.query(head, QUERY).reduce((sum, one, component) => sum + one * at[component], 0);
  });
  expectClose(dots, wanted.dot, 1e-4);
}

const question: ThumbnailQuestion = {
  part: "self",
  size: 4,
  measure: "weight",
  pair_filter: "all",
  hide_special: false,
  reduce: "max",
};

describe("a file that is read by ranges", () => {
  const data = fileNamed("saved/causal");

  /** Notes which bytes were asked for. */
  function counted(): { bytes: RangedBytes; asked: [number, number][] } {
    const asked: [number, number][] = [];
    const inner = bytesOfBlob(new Blob([data]));
    const read = (start: number, end: number, signal: AbortSignal) => {
      asked.push([start, end]);
      return inner.read(start, end, signal);
    };
    return { bytes: { size: inner.size, read }, asked };
  }

  it("is opened without its layers, and each of these is read when it is asked for", async () => {
    const { bytes, asked } = counted();
    const file = await OpenFile.open(bytes, "causal.headscope", following.signal);
    const { header } = piecesOf(data);
    const start = data.length - piecesOf(data).tensors.length;
    const isAsked = (name: string) => {
      const [begin, end] = header[name].data_offsets.map((at: number) => start + at);
      return asked.some(([from, to]) => from < end && begin < to);
    };
    expect(["self 0.query", "self 1.query"].filter(isAsked)).toEqual([]);
    await new FileSource(file).layer("self", 1, following);
    expect(["self 0.query", "self 1.query"].filter(isAsked)).toEqual(["self 1.query"]);
  });

  it("tells what could not be read, and can be asked again", async () => {
    const inner = bytesOfBlob(new Blob([data]));
    let isDown = false;
    const read: RangedBytes["read"] = async (start, end, signal) => {
      if (isDown) throw new Error("the line is down");
      return inner.read(start, end, signal);
    };
    const source = new FileSource(await OpenFile.open({ size: inner.size, read }, "some", following.signal));
    isDown = true;
    await expect(source.layer("self", 0, following)).rejects.toThrow("the line is down");
    const come: (Thumbnails | SourceError)[] = [];
    await source.thumbnails(question, [0], { ...following, onLayer: (_, one) => come.push(one) });
    expect(come).toEqual([expect.objectContaining({ message: "the line is down" })]);
    isDown = false;
    expect((await source.layer("self", 0, following)).heads).toBe(4);
  });

  it("ends with the interest in it", async () => {
    const source = new FileSource(await open(data));
    const ending = new AbortController();
    const asked = source.layer("self", 0, { signal: ending.signal });
    ending.abort();
    await expect(asked).rejects.toMatchObject({ name: "AbortError" });
    expect(source.peek("self", 0)).toBeUndefined();
  });

  it("pictures its heads one layer after the other, in the order asked", async () => {
    const source = new FileSource(await open(data));
    const come: [number, Thumbnails | SourceError][] = [];
    await source.thumbnails(question, [1, 0], { ...following, onLayer: (layer, one) => come.push([layer, one]) });
    expect(come.map(([layer]) => layer)).toEqual([1, 0]);
    expect(come[0][1]).toMatchObject({ heads: 4, rows: 4, columns: 4, scale: 1 });
    expect(source.peekThumbnails(question, 1)).toBe(come[0][1]);
  });

  it.each(["max", "mean"] as const)(
    "begins with the pictures that stand in it, which are those of its layers: %s",
    async (reduce) => {
      for (const name of ["prose", "sinks", "weights"]) {
        const file = await open(fileNamed(`saved/${name}`));
        const [layer] = file.meta.parts[0].layers;
        const asked = { ...question, size: FIRST_SIZE, reduce };
        const [stored, computed] = [new FileSource(file), new FileSource(file)];
        await stored.begin(asked, following.signal);
        const ours = stored.peekThumbnails(asked, layer.layer) as Thumbnails;
        expect(stored.peek("self", layer.layer)).toBeUndefined();
        await computed.thumbnails(asked, [layer.layer], { ...following, onLayer: () => {} });
        const { body, rail, ...rest } = computed.peekThumbnails(asked, layer.layer) as Thumbnails;
        expect(ours).toMatchObject(rest);
        expectClose(ours.body, [...body], 1); // of 255
        expectClose(ours.rail ?? [], [...(rail ?? [])], 1);
      }
    },
  );

  it("shows the pictures that stand in it, of whatever part, before it reads a layer", async () => {
    const source = new FileSource(await open(data));
    const come: (Thumbnails | SourceError)[] = [];
    const onLayer = (_: number, one: Thumbnails | SourceError) => come.push(one);
    await source.thumbnails({ ...question, size: FIRST_SIZE }, [0, 1], { ...following, onLayer });
    expect(come).toEqual([expect.objectContaining({ layer: 0 }), expect.objectContaining({ layer: 1 })]);
    expect([source.peek("self", 0), source.peek("self", 1)]).toEqual([undefined, undefined]);
  });

  it("asks for tensors that lie next to each other at once, and for no more of a layer than its numbers", async () => {
    const { bytes, asked } = counted();
    const source = new FileSource(await OpenFile.open(bytes, "causal.headscope", following.signal));
    asked.length = 0;
    await source.layer("self", 0, following);
    expect(asked.length).toBe(1);
    const { header } = piecesOf(data);
    const numbers = ["norms", "query", "key", "value", "start", "stop", "lse"].map((what) => header[`self 0.${what}`]);
    const sizes = numbers.map(({ data_offsets: [begin, end] }) => end - begin);
    expect(asked[0][1] - asked[0][0]).toBe(sizes.reduce((sum, size) => sum + size));
  });

  it("asks for several pictures at a time", async () => {
    const { bytes } = counted();
    let [running, most] = [0, 0];
    const read: RangedBytes["read"] = async (...range) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve));
      running -= 1;
      return bytes.read(...range);
    };
    const file = await OpenFile.open({ size: bytes.size, read }, "causal.headscope", following.signal);
    expect(most).toBe(1);
    await new FileSource(file).begin({ ...question, size: FIRST_SIZE }, following.signal);
    expect(most).toBe(file.meta.parts[0].layers.length);
  });

  it("does not begin with pictures of something else", async () => {
    const source = new FileSource(await open(data));
    const asked: ThumbnailQuestion = { ...question, size: FIRST_SIZE, hide_special: true };
    await source.begin(asked, following.signal);
    expect(source.peekThumbnails(asked, 0)).toBeUndefined();
  });

  it("shows the pictures that stand in it where a layer is too much for a page, and else says why", async () => {
    class Small extends FileSource {
      protected override whyNotPictured({ layer }: LayerData): string {
        return `layer ${layer} is too much`;
      }
    }
    const source = new Small(await open(fileNamed("saved/prose")));
    const come: (Thumbnails | SourceError)[] = [];
    const ask = (changes: Partial<ThumbnailQuestion>) =>
      source.thumbnails({ ...question, size: 40, ...changes }, [0], {
        ...following,
        onLayer: (_, one) => come.push(one),
      });
    await ask({});
    await ask({ hide_special: true });
    expect(come[0]).toMatchObject({ layer: 0, heads: 2, rows: FIRST_SIZE, columns: FIRST_SIZE });
    expect(come[1]).toMatchObject({ name: "OverBudget", message: "layer 0 is too much" });
    const tile = { part: "self", layer: 0, head: 0, row_edges: [0, 2], column_edges: [0, 2], exact: true } as const;
    await expect(source.tile({ ...tile, reduce: "max", measure: "weight" }, following)).rejects.toThrow("too much");
  });
});

it("what is selected at first is the first layer that was not refused", async () => {
  const { meta } = await open(fileNamed("saved/causal"));
  const [part] = meta.parts;
  const refused = { ...part, layers: [{ ...part.layers[0], heads: 0, reason: "none" }, part.layers[1]] };
  const traits = traitsOf({ ...meta, parts: [refused] }, "explorer");
  expect(traits).toMatchObject({ part: "self", layer: 1, heads: [0, 1, 2, 3], head: 0, scale: "model" });
});

it("texts are texts, whatever they say", async () => {
  const { meta } = await open(fileNamed("saved/vectors"));
  const { texts } = meta.sides[partOf(meta, "self").key_side];
  expect(texts[2]).toBe(" <script>alert(1)</script>");
});

it("a file of a newer version is refused with what to do, one without a version as damaged", async () => {
  const pieces = piecesOf(fileNamed("saved/weights"));
  pieces.description.version = VERSION + 1;
  await expect(open(assembled(pieces))).rejects.toThrow(/was saved by headscope .* version 2 .*Update headscope\.$/);
  pieces.description.version = "1";
  await expect(open(assembled(pieces))).rejects.toThrow("some.headscope is damaged: it does not tell its version");
});

it("a file of each earlier version is read", async () => {
  for (let version = 1; version <= VERSION; version++) {
    const { layers } = await readAll(fileNamed(`version_${version}`));
    expect(layers.length).toBeGreaterThan(0);
  }
});

it("a float16 is a float16", () => {
  const halves = [0, 0x8000, 1, 0x3ff, 0x400, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00, 0x7e00];
  const numbers = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, -2, 65504, Infinity, -Infinity, NaN];
  expect([...floatsOf("F16", new Uint8Array(Uint16Array.from(halves).buffer))]).toEqual(numbers);
});
