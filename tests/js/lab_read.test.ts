import { describe, expect, it } from "vitest";
import { readSaved } from "../../js/lab/read.js";
import { crc32 } from "../../js/source/crc32.js";
import type { ThumbnailQuestion } from "../../js/source/source.js";
import { DEFAULTS } from "../../js/store/settings.js";
import { synthesize } from "../browser/page/synthetic.js";
import { packed } from "./packed.js";

const tokens = ["the", "doctor", "asked", "the", "nurse"];
const capture = synthesize({ tokens, heads: 2, layers: 2, dense: 1 });

// biome-ignore lint/suspicious/noExplicitAny: tests spoil it in every way
function made(): any {
  const { header, payload } = capture.packet(0);
  const question: ThumbnailQuestion = {
    part: "self",
    size: 3,
    measure: "weight",
    pair_filter: "all",
    hide_special: false,
    reduce: "max",
  };
  const pictures = capture.thumbnails(question, 0);
  const selection = { part: "self", layer: 0, heads: [0, 1], head: 0, query: null, key: null, neuron: null };
  return JSON.parse(
    JSON.stringify({
      note: "as it was",
      traits: { ...DEFAULTS, ...selection, scale: "model", kind: "explorer", meta: capture.meta },
      layers: [{ header, payload: packed(new Uint8Array(payload)) }],
      thumbnails: { question, layers: [pictures.header], payload: packed(new Uint8Array(pictures.payload)) },
    }),
  );
}

function sumOf(text: string): number {
  return crc32(new TextEncoder().encode(text));
}

function read(data: unknown, head: Record<string, unknown> = {}) {
  const text = JSON.stringify(data).replaceAll("<", "\\u003c");
  const html = `<figure></figure>\n<script type="application/json">${text}</script>\n<script>1</script>`;
  return readSaved({ version: 1, crc32: sumOf(text), ...head }, html);
}

describe("data that were saved in a notebook", () => {
  it("have zlib's checksum", () => {
    expect(sumOf("The quick brown fox jumps over the lazy dog")).toBe(0x414fa339);
    expect(sumOf("")).toBe(0);
  });

  it("are read as they were written", () => {
    expect(read(made())).toEqual(made());
  });

  it("of a newer format ask for an update", () => {
    expect(() => read(made(), { version: 2 })).toThrow(/saved by a newer headscope .*Update headscope/);
  });

  it.each([
    ["no head", undefined, "<script></script>", "its version is missing"],
    ["no HTML", { version: 1, crc32: 0 }, undefined, "its data are missing"],
    [
      "other data",
      { version: 1, crc32: 1 },
      '<script type="application/json">{}</script>',
      "not those that were saved",
    ],
  ])("with %s are damaged", (_, head, html, why) => {
    expect(() => readSaved(head, html)).toThrow(`This saved picture is damaged: `);
    expect(() => readSaved(head, html)).toThrow(why);
  });

  // Whoever writes a notebook can write a checksum too.
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const spoilt: [string, (data: any) => unknown][] = [
    ["data", () => null],
    ["data.note", (data) => delete data.note],
    ["data.traits.kind", (data) => (data.traits.kind = "other")],
    ["data.traits.layer", (data) => (data.traits.layer = -1)],
    ["data.traits.heads", (data) => (data.traits.heads = "all")],
    ["data.traits.theme", (data) => (data.traits.theme = "red")],
    ["data.traits.meta.v", (data) => (data.traits.meta.v = 2)],
    ["data.traits.meta.sides[0].texts", (data) => data.traits.meta.sides[0].texts.pop()],
    ["data.traits.meta.sides[0].texts[1]", (data) => (data.traits.meta.sides[0].texts[1] = { __html: "<b>" })],
    [
      "data.traits.meta.sides[0].picture.src",
      (data) => {
        const cells = tokens.map(() => null);
        data.traits.meta.sides[0].picture = { src: "https://example.org/a.png", width: 1, height: 1, cells };
      },
    ],
    ["data.parts[0].layers[0].heads", (data) => (data.traits.meta.parts[0].layers[0].heads = 1e9)],
    ["data.parts[0].query_side", (data) => (data.traits.meta.parts[0].query_side = 7)],
    ["data.layers[0].payload", (data) => (data.layers[0].payload = 1)],
    ["data.layers[0].header.bytes", (data) => (data.layers[0].header.bytes = 2 ** 40)],
    ["layer 0.queries", (data) => (data.layers[0].header.queries = 6)],
    ["layer 0 is cut off", (data) => (data.layers[0].header.d = 1 << 19)],
    ["data.thumbnails.layers[0] is cut off", (data) => (data.thumbnails.layers[0].rows = (1 << 20) - 1)],
    ["data.thumbnails.layers[0].row_edges", (data) => data.thumbnails.layers[0].row_edges.pop()],
    ["layer 9", (data) => (data.layers[0].header.layer = 9)],
    ["layer 0 is cut off", (data) => (data.layers[0].header.arrays[0].shape = [2, 1000, 1000])],
  ];
  it.each(spoilt)("are refused where %s is wrong", (at, spoil) => {
    const data = made();
    const replaced = spoil(data);
    const given = at === "data" ? replaced : data;
    expect(() => read(given)).toThrow(`This saved picture is damaged: ${at}`);
  });
});
