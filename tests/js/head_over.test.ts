/** The canvas of the lines in focus: how many are drawn in a frame, and that each is drawn once. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { axisOf } from "../../js/store/axis.js";
import { Picture } from "../../js/store/picture.js";
import { layoutOf } from "../../js/views/head/layout.js";
import { Over } from "../../js/views/head/over.js";
import type { LineScene } from "../../js/views/head/strokes.js";
import { layerOfWeights } from "./layers.js";

const off = { hide_first: false, hide_special: false, words: false, pair_filter: "all" } as const;
const labels = ["a", "b", "c", "d", "e"];
const side = { labels, texts: labels, special: labels.map(() => 0), segments: null, words: labels.map((_, at) => at) };
const axis = (name: "query" | "key") => axisOf(side, off, name);
const picture = new Picture(layerOfWeights([labels.map(() => labels.map(() => 0.2))]), axis("query"), axis("key"));
const layout = layoutOf(600, 1, 5);
const heads = [0];
const place = { side: "key", entry: 1 } as const;

function scene(changes: Partial<LineScene> = {}): LineScene {
  const [rows, tops] = [
    { first: 0, last: 5 },
    { query: 0, key: 0 },
  ];
  return { picture, heads, focus: place, rows, tops, height: 100, threshold: 0, only: null, dark: false, ...changes };
}

class FakeCanvas {
  width = 0;
  height = 0;
  /** Where the lines on the canvas begin. */
  lines: number[] = [];
  fails = false;

  getContext() {
    const [nothing, moveTo] = [() => {}, (_: number, y: number) => void this.lines.push(y)];
    const clearRect = () => void this.lines.splice(0);
    const stroke = () => {
      if (this.fails) throw new Error("no memory");
    };
    return { setTransform: nothing, clearRect, beginPath: nothing, moveTo, bezierCurveTo: nothing, stroke };
  }
}

describe("the lines in focus", () => {
  let canvas = new FakeCanvas();
  let over = new Over(2);
  const begin = vi.fn();
  const paint = (changes: Partial<LineScene> = {}, computed = 5) =>
    over.paint(canvas as never, scene(changes), layout, () => "red", computed, begin);
  beforeEach(() => {
    vi.stubGlobal("window", { devicePixelRatio: 1 });
    canvas = new FakeCanvas();
    over = new Over(2);
    begin.mockReset();
  });
  afterEach(() => void vi.unstubAllGlobals());

  it("come over some frames, each line once, and then stay", () => {
    const frames = [];
    for (let frame = 0; frame < 4; frame++) frames.push([paint(), canvas.lines.length]);
    expect(frames).toEqual([
      [false, 2],
      [false, 4],
      [true, 5],
      [true, 5],
    ]);
    expect(new Set(canvas.lines).size).toBe(5);
    expect(begin).toHaveBeenCalledTimes(1);
  });

  it("begin anew with another focus, with rows that have been computed since, and after a drawing that failed", () => {
    paint();
    expect([paint({ focus: { side: "key", entry: 2 } }), canvas.lines.length]).toEqual([false, 2]);
    paint({ focus: { side: "key", entry: 2 } });
    expect([paint({ focus: { side: "key", entry: 2 } }, 4), canvas.lines.length]).toEqual([false, 4]); // a frame for the tooltip
    expect([paint({ focus: { side: "key", entry: 2 } }, 4), canvas.lines.length]).toEqual([false, 2]);
    canvas.fails = true;
    expect(() => paint({ focus: { side: "key", entry: 2 } }, 4)).toThrow("no memory");
    canvas.fails = false;
    expect([paint({ focus: { side: "key", entry: 2 } }, 4), canvas.lines.length]).toEqual([false, 2]);
  });

  it("of a query go on while rows of others are being computed", () => {
    const focus = { side: "query", entry: 1 } as const;
    paint({ focus }, 2);
    expect([paint({ focus }, 3), canvas.lines.length]).toEqual([false, 4]);
  });

  it("are gone with the focus", () => {
    paint();
    expect([paint({ focus: null }), canvas.lines]).toEqual([true, []]);
  });
});
