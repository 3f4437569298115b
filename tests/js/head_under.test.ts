/** The canvas of the lines that are not in focus: when it is drawn anew, and when it is left alone. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { axisOf } from "../../js/store/axis.js";
import { Picture } from "../../js/store/picture.js";
import { layoutOf } from "../../js/views/head/layout.js";
import type { LineScene } from "../../js/views/head/strokes.js";
import { Under } from "../../js/views/head/under.js";
import { layerOfWeights } from "./layers.js";

const off = { hide_first: false, hide_special: false, words: false, pair_filter: "all" } as const;
const labels = ["a", "b", "c"];
const side = { labels, texts: labels, special: [0, 0, 0], segments: null, words: [0, 1, 2] };
const axis = (name: "query" | "key") => axisOf(side, off, name);
const weights = [
  [1, 0, 0],
  [0.4, 0.6, 0],
  [0.5, 0.3, 0.2],
];
const picture = new Picture(layerOfWeights([weights]), axis("query"), axis("key"));
const layout = layoutOf(600, 1, 3);

function scene(changes: Partial<LineScene> = {}): LineScene {
  const rows = { first: 0, last: 3 };
  const tops = { query: 0, key: 0 };
  return { picture, heads, focus: null, rows, tops, height: 60, threshold: 0, only: null, dark: false, ...changes };
}
const heads = [0];

class FakeCanvas {
  width = 0;
  height = 0;
  strokes = 0;
  fails = false;

  getContext() {
    const stroke = () => {
      if (this.fails) throw new Error("no memory");
      this.strokes += 1;
    };
    const nothing = () => {};
    return {
      setTransform: nothing,
      clearRect: nothing,
      beginPath: nothing,
      moveTo: nothing,
      bezierCurveTo: nothing,
      stroke,
    };
  }
}

describe("the lines that are not in focus", () => {
  const canvas = new FakeCanvas();
  let under = new Under();
  const paint = (changes: Partial<LineScene> = {}, hasTime = () => true) => {
    const before = canvas.strokes;
    const isComplete = under.paint(canvas as never, scene(changes), layout, () => "red", hasTime);
    return { drawn: canvas.strokes - before, isComplete };
  };
  beforeEach(() => {
    vi.stubGlobal("window", { devicePixelRatio: 1 });
    under = new Under();
    canvas.fails = false;
  });
  afterEach(() => void vi.unstubAllGlobals());

  it("are left as they are while the focus moves from one token to another", () => {
    expect(paint({ focus: { side: "query", entry: 1 } }).drawn).toBe(6);
    expect(paint({ focus: { side: "query", entry: 2 } }).drawn).toBe(0);
    expect(paint({ focus: { side: "key", entry: 0 } }).drawn).toBe(0);
  });

  it("are drawn anew when there is a focus and there was none, and for any other change of what they show", () => {
    paint();
    expect(paint({ focus: { side: "query", entry: 1 } }).drawn).toBe(6);
    expect(paint({ focus: { side: "query", entry: 1 }, threshold: 0.45 }).drawn).toBe(3);
    expect(paint({ focus: { side: "query", entry: 1 }, threshold: 0.45, dark: true }).drawn).toBe(3);
  });

  it("are drawn anew after a drawing that failed", () => {
    canvas.fails = true;
    expect(() => paint()).toThrow("no memory");
    canvas.fails = false;
    expect(paint().drawn).toBe(6);
  });

  describe("where there is no time for all rows", () => {
    const fresh = () => {
      const one = new Picture(layerOfWeights([weights]), axis("query"), axis("key"));
      const has = vi.spyOn(one, "hasRow");
      const compute = (rows: number) => void has.mockImplementation((_, query) => query < rows);
      compute(1);
      return { picture: one, compute };
    };
    const now = vi.spyOn(performance, "now");
    const some = (changes: Partial<LineScene>) => paint(changes, () => false);
    beforeEach(() => void now.mockReturnValue(1000));

    it("wait for each other for a tenth of a second, then come in parts until all are there", () => {
      const { picture, compute } = fresh();
      expect(some({ picture })).toEqual({ drawn: 0, isComplete: false });
      expect(some({ picture })).toEqual({ drawn: 0, isComplete: false });
      now.mockReturnValue(1101);
      expect(some({ picture })).toEqual({ drawn: 1, isComplete: false });
      compute(2);
      expect(some({ picture })).toEqual({ drawn: 0, isComplete: false });
      now.mockReturnValue(1352);
      expect(some({ picture })).toEqual({ drawn: 3, isComplete: false });
      expect(paint({ picture })).toEqual({ drawn: 6, isComplete: true });
      expect(paint({ picture }).drawn).toBe(0);
    });

    it("wait as well for the first that come of a layer whose vectors were on their way", () => {
      const { picture, compute } = fresh();
      picture.isHere = () => false;
      expect(some({ picture })).toEqual({ drawn: 0, isComplete: true });
      picture.isHere = () => true;
      vi.spyOn(picture.layer, "arrivals", "get").mockReturnValue(1);
      expect(some({ picture })).toEqual({ drawn: 0, isComplete: false });
      compute(3);
      expect(some({ picture })).toEqual({ drawn: 6, isComplete: true });
    });

    it("do not wait while one scrolls, and go on being computed while they wait", () => {
      const { picture } = fresh();
      paint({ picture });
      const computed = vi.spyOn(picture, "row");
      expect(some({ picture, tops: { query: 20, key: 20 } }).drawn).toBe(1);
      expect(computed).toHaveBeenCalled();
    });
  });

  it("are left as they are when what comes of the layer is not theirs, and drawn anew when it is", () => {
    const fresh = new Picture(layerOfWeights([weights]), axis("query"), axis("key"));
    const arrivals = vi.spyOn(fresh.layer, "arrivals", "get").mockReturnValue(0);
    fresh.isHere = (_, query) => query < 2;
    expect(paint({ picture: fresh })).toEqual({ drawn: 3, isComplete: true });
    arrivals.mockReturnValue(1);
    expect(paint({ picture: fresh })).toEqual({ drawn: 0, isComplete: true });
    fresh.isHere = () => true;
    expect(paint({ picture: fresh }).drawn).toBe(0);
    arrivals.mockReturnValue(2);
    expect(paint({ picture: fresh })).toEqual({ drawn: 6, isComplete: true });
  });

  it("give their memory back, and are drawn anew after that", () => {
    paint();
    expect(canvas.width).toBe(600);
    under.clear(canvas as never);
    expect(canvas.width).toBe(0);
    expect(paint().drawn).toBe(6);
  });
});
