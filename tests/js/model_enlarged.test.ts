/** The enlarged head: when it is read off its exact rows, and when it is not. */
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Enlarged } from "../../js/views/model/enlarged.js";
import type { ModelState } from "../../js/views/model/state.js";
import type { Cell } from "../../js/views/model/walk.js";

const HEADS = 6;

/** As much of a grid of one layer of so many tokens as an enlarged head looks at, and whose rows were read. */
function grid(tokens: number) {
  const read = new Set<number>();
  const weights = new Float32Array(tokens).fill(1 / tokens);
  const data = {
    ...{ part: "self", layer: 0, heads: HEADS, queries: tokens, keys: tokens, isWhole: true, valueNorms: null },
    span: () => [0, tokens],
    row: (head: number) => {
      read.add(head);
      return weights;
    },
  };
  const labels = Array.from({ length: tokens }, () => "a");
  const side = {
    labels,
    texts: labels,
    special: labels.map(() => 0),
    segments: null,
    words: labels.map((_, at) => at),
  };
  const hover = signal<Cell | null>({ layer: 0, head: 0 });
  const store = {
    part: signal({ name: "self" }),
    data: signal(data),
    selection: signal({ layer: 0, head: 0 }),
    source: { peek: () => data },
    side: () => side,
  };
  const view = {
    ...{
      hover,
      store,
      guard: <Act>(act: Act) => act,
      width: signal(800),
      layers: signal([{ layer: 0, heads: HEADS }]),
    },
    question: signal({ measure: "weight", reduce: "max", hide_special: false, pair_filter: "all" }),
    thumbnails: { pictures: signal(new Map()) },
    layout: signal({ enlargedWidth: 400, beside: true, viewHeight: 400 }),
  };
  return { enlarged: new Enlarged(view as unknown as ModelState), hover, read };
}

const LARGE = 300;
const STAY_MS = 100;
const FRAME_MS = 16;

describe("the enlarged head", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("requestAnimationFrame", (draw: () => void) => setTimeout(draw, FRAME_MS));
    vi.stubGlobal("cancelAnimationFrame", (asked: number) => clearTimeout(asked));
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      now += FRAME_MS;
      return now; // so that a frame has time for a single row
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it("of a short text is read at once", () => {
    const { enlarged, read } = grid(16);
    const stop = enlarged.follow();
    vi.advanceTimersByTime(1);
    expect(read).toEqual(new Set([0]));
    vi.advanceTimersByTime(16 * FRAME_MS);
    expect(enlarged.exact.value?.picture.rows).toBe(16);
    stop();
  });

  it("of a long text is read only where one stays, also while another one is being read", () => {
    const { enlarged, hover, read } = grid(LARGE);
    const stop = enlarged.follow();
    vi.advanceTimersByTime(STAY_MS - 1);
    expect(read).toEqual(new Set());
    vi.advanceTimersByTime(1);
    expect(read).toEqual(new Set([0]));
    for (let head = 1; head < HEADS; head++) {
      hover.value = { layer: 0, head };
      vi.advanceTimersByTime(STAY_MS / 2);
    }
    expect(read).toEqual(new Set([0]));
    vi.advanceTimersByTime(STAY_MS + LARGE * FRAME_MS);
    expect(read).toEqual(new Set([0, HEADS - 1]));
    expect(enlarged.exact.value).not.toBeNull();
    stop();
  });

  it("is not read any more once the view has gone", () => {
    const { enlarged, read } = grid(LARGE);
    enlarged.follow()(); // before it is read
    expect(vi.getTimerCount()).toBe(0);
    const stop = enlarged.follow();
    vi.advanceTimersByTime(STAY_MS); // while it is being read
    read.clear();
    stop();
    vi.advanceTimersByTime(10 * STAY_MS);
    expect(read).toEqual(new Set());
    expect(vi.getTimerCount()).toBe(0);
  });
});
