import { describe, expect, it } from "vitest";
import type { Side } from "../../js/store/meta.js";
import { textOf, tilesOf, type Units, unitAt, unitsAt, unitsOf } from "../../js/store/units.js";

const COUNT = 1200;
/** Words of two tokens, sentences of 20, paragraphs of 100. */
const side: Side = {
  labels: Array.from({ length: COUNT }, (_, at) => (at % 2 ? `b${at}` : `·a${at}`)),
  texts: Array.from({ length: COUNT }, (_, at) => (at % 2 ? `b${at}` : ` a${at}`)),
  special: Array.from({ length: COUNT }, () => 0),
  segments: null,
  words: Array.from({ length: COUNT }, (_, at) => at >> 1),
  levels: { sentence: inSteps(20), paragraph: inSteps(100) },
};

function inSteps(size: number): number[] {
  return Array.from({ length: COUNT / size + 1 }, (_, at) => at * size);
}

const queries = unitsOf(side, 0);
const at = (pixels: number, wanted: Parameters<typeof unitsAt>[2] = "auto") => unitsAt(queries, pixels, wanted);
const sizes = ({ edges }: Units) => edges.slice(1).map((edge, index) => edge - edges[index]);

describe("units of an axis", () => {
  it("are paragraphs, sentences, words and tokens, whatever of them there is", () => {
    expect(queries.map(({ level, edges }) => [level, edges.length - 1])).toEqual([
      ["paragraph", 12],
      ["sentence", 60],
      ["word", 600],
      ["token", 1200],
    ]);
    const plain = { ...side, levels: {}, words: side.words.map((_, index) => index) };
    expect(unitsOf(plain, 0).map(({ level }) => level)).toEqual(["token"]);
  });

  it("begin behind the first key, which is kept apart", () => {
    const [paragraphs, , words] = unitsOf(side, 1);
    expect(paragraphs.edges.slice(0, 3)).toEqual([1, 100, 200]);
    expect(words.edges.slice(0, 3)).toEqual([1, 2, 4]);
  });

  it.each([
    [0.05, "paragraph"], // of 5 pixels
    [0.2499, "paragraph"],
    [0.25, "sentence"],
    [2.49, "sentence"],
    [2.5, "word"],
    [5, "token"],
    [40, "token"],
  ])("at %f pixels a token are each a %s", (pixels, level) => {
    expect(at(pixels).level).toBe(level);
  });

  it("are equal blocks from further away, and where the next level is far too coarse", () => {
    expect(sizes(at(0.049))).toEqual([...Array.from({ length: 18 }, () => 64), 48]);
    const [paragraphs, , , tokens] = queries;
    expect(unitsAt([paragraphs, tokens], 1, "auto").level).toBe("block"); // paragraphs of 100 pixels
    expect(sizes(unitsAt([paragraphs, tokens], 1, "auto"))[0]).toBe(4);
  });

  it("are those that someone asked for, as long as one could see them", () => {
    expect(at(40, "paragraph").level).toBe("paragraph");
    expect(at(1, "token").level).toBe("token");
    expect(at(0.9, "token").level).toBe("sentence");
  });

  it("are the same list for the same zoom, so that tiles are asked for once", () => {
    expect(at(0.03)).toBe(at(0.031));
    expect(tilesOf(at(0.03))).toBe(tilesOf(at(0.031)));
  });
});

describe("tiles", () => {
  it("hold up to 256 units", () => {
    const tiles = tilesOf(queries[3]);
    expect(tiles.map(([first, ...rest]) => [first, rest.length])).toEqual([
      [0, 256],
      [256, 256],
      [512, 256],
      [768, 256],
      [1024, 176],
    ]);
  });

  it("hold up to 2,048 tokens, and a longer unit whole", () => {
    const units: Units = { level: "paragraph", edges: [0, 1000, 2000, 2100, 5000, 5001] };
    expect(tilesOf(units)).toEqual([
      [0, 1000, 2000],
      [2000, 2100],
      [2100, 5000],
      [5000, 5001],
    ]);
  });

  it("cover every unit once", () => {
    for (const units of [...queries, at(0.01)]) {
      const tiles = tilesOf(units);
      expect([units.edges[0], ...tiles.flatMap((edges) => edges.slice(1))]).toEqual(units.edges);
      tiles.slice(1).forEach((edges, index) => {
        expect(edges[0]).toBe(tiles[index].at(-1));
      });
    }
  });
});

it("a position is found in its unit", () => {
  const edges = [1, 4, 5, 9];
  expect([1, 3.9, 4, 5, 8.99, 9].map((position) => unitAt(edges, position))).toEqual([0, 0, 1, 2, 2, 2]);
});

describe("what stands in a unit", () => {
  it("is its text, as long as it is short", () => {
    expect(textOf(side, 0, 4)).toBe("a0b1 a2b3");
    expect(textOf(side, 3, 4)).toBe("b3");
    expect(textOf(side, 0, 100)).toBe("a0b1 a2b3 a4b5 a6b7 a8b9 a10b11 a12b13 a14b1…");
  });

  it("is from where to where, of what is no text", () => {
    expect(textOf({ ...side, kind: "frames" }, 2, 4)).toBe("·a2 to b3");
  });

  it("has spaces between words where the tokenizer dropped them", () => {
    expect(textOf({ ...side, texts: side.texts.map((text) => text.trim()) }, 0, 2)).toBe("a0 b1");
  });
});
