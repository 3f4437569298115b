import { ink, type Picture } from "../../store/picture.js";
import { drawnOf, isDrawn } from "./drawn.js";
import type { Place, SideName } from "./focus.js";
import { ROW, type Span } from "./layout.js";
import { Shares } from "./share.js";

/** What to draw lines of, all of it numbers: planning knows no canvas. */
export interface LineScene {
  picture: Picture;
  /** Heads drawn, ascending. */
  heads: readonly number[];
  /** Whose lines stand out. */
  focus: Place | null;
  /** Query rows in view. */
  rows: Span;
  /** Pixels that each side is scrolled. */
  tops: Record<SideName, number>;
  height: number;
  /** Share of the picture's scale below which there is no line. */
  threshold: number;
  /** The one head that is not dimmed, null for none. */
  only: number | null;
  dark: boolean;
}

const FIELDS = 7;
/** Steps between the lines of neighbouring heads, and the most that all of them may take of a row. */
const OFFSET = 1.6;
const MOST_OFFSET = 14;
const DIMMED = 0.08;

/** Planned lines in one growing block of numbers, since a fast scroll plans thousands of them in every frame. */
export class Strokes {
  count = 0;
  readonly shares = new Shares();
  #numbers = new Float32Array(1024 * FIELDS);

  clear(): void {
    this.count = 0;
  }

  /** How many of the lines end at a place. */
  countAt({ side, entry }: Place): number {
    let count = 0;
    for (let at = side === "query" ? 5 : 6; at < this.count * FIELDS; at += FIELDS) {
      if (this.#numbers[at] === entry) count += 1;
    }
    return count;
  }

  /** @param from Height at the query side, `to` at the key side, in pixels of the body; `query` and `key` are entries. */
  push(from: number, to: number, alpha: number, width: number, head: number, query: number, key: number): void {
    if ((this.count + 1) * FIELDS > this.#numbers.length) this.#grow();
    const at = this.count * FIELDS;
    this.#numbers[at] = from;
    this.#numbers[at + 1] = to;
    this.#numbers[at + 2] = alpha;
    this.#numbers[at + 3] = width;
    this.#numbers[at + 4] = head;
    this.#numbers[at + 5] = query;
    this.#numbers[at + 6] = key;
    this.count += 1;
  }

  /** Visits the lines from one to another, which is not included. */
  each(
    visit: (from: number, to: number, alpha: number, width: number, head: number) => void,
    first = 0,
    last = this.count,
  ): void {
    const numbers = this.#numbers;
    for (let at = first * FIELDS; at < Math.min(last, this.count) * FIELDS; at += FIELDS) {
      visit(numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3], numbers[at + 4]);
    }
  }

  #grow(): void {
    const larger = new Float32Array(this.#numbers.length * 2);
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}

/**
 * Computes rows in view as long as there is time.
 *
 * @param hasTime Asked before each row of a head that has yet to be computed.
 * @returns Those that can be drawn, and whether these are all that have come.
 */
export function computeRows(scene: LineScene, hasTime: () => boolean) {
  const { picture, heads, rows } = scene;
  const queries = [];
  let isComplete = true;
  for (let query = rows.first; query < rows.last; query++) {
    if (!isHere(scene, query)) continue; // it is drawn when it comes
    const isInTime = (head: number) => (picture.hasRow(head, query) || hasTime()) && picture.row(head, query);
    if (heads.every(isInTime)) queries.push(query);
    else isComplete = false;
  }
  return { queries, isComplete };
}

function isHere({ picture, heads }: LineScene, query: number): boolean {
  return heads.every((head) => picture.isHere(head, query));
}

/** Plans the lines of some rows, faint ones where something is in focus: the same whatever it is. */
export function planLines(scene: LineScene, into: Strokes, queries: readonly number[]): void {
  into.clear();
  const style = scene.focus === null ? idleStyle(scene.heads.length) : faintStyle(scene.heads.length, scene.dark);
  for (const query of queries) planRow(scene, into, query, style);
}

/** Plans the lines in focus, which lie on top of the others. */
export function planFocus(scene: LineScene, into: Strokes): void {
  into.clear();
  const { focus } = scene;
  if (focus?.side === "query" && isHere(scene, focus.entry)) planRow(scene, into, focus.entry, FOCUSED);
  if (focus?.side === "key") planColumn(scene, into, focus.entry);
}

/** How strong (0 to 1) and how wide (pixels) the line of a weight is. */
interface Style {
  alpha(weight: number): number;
  width(weight: number): number;
  /** Spread of the heads' lines, as a share of the full one. */
  spread: number;
}

// Lines of at most a pixel are five times cheaper to draw, and of weak ones there are thousands.
const width = (w: number) => (w < 0.3 ? Math.min(1, 0.6 + 2 * w) : 0.4 + 2.2 * w);
const FOCUSED: Style = {
  alpha: (w) => Math.min(1, 1.05 * w ** 0.55),
  width: (w) => Math.max(1, 0.4 + 3.4 * w),
  spread: 1,
};

function idleStyle(heads: number): Style {
  const power = heads > 4 ? 1.35 : 1.1;
  return { alpha: (w) => Math.min(0.9, 1.1 * w ** power), width, spread: 0.6 };
}

/** Many heads on top of each other must not add up to a wall. */
function faintStyle(heads: number, dark: boolean): Style {
  const most = (dark ? 0.1 : 0.085) * Math.min(1, 9 / heads);
  return { alpha: (w) => most * w ** 0.8, width, spread: 0.6 };
}

function planRow(scene: LineScene, into: Strokes, query: number, style: Style): void {
  if (!scene.picture.queries.entries[query].shown) return;
  scene.heads.forEach((head, index) => {
    const { weights, left } = scene.picture.row(head, query);
    const strength = ink(left);
    eachDrawn(scene, "key", weights, (key) => {
      planLine(scene, into, style, index, query, key, scene.picture.strength(weights[key]) * strength);
    });
  });
}

function planColumn(scene: LineScene, into: Strokes, key: number): void {
  if (!scene.picture.keys.entries[key].shown) return;
  scene.heads.forEach((head, index) => {
    if (!scene.picture.columnIsHere(head, key)) {
      planSeen(scene, into, index, key);
      return;
    }
    const { weights, left } = scene.picture.column(head, key);
    eachDrawn(scene, "query", weights, (query) => {
      planLine(scene, into, FOCUSED, index, query, key, scene.picture.strength(weights[query]) * ink(left[query]));
    });
  });
}

/** As much of a column as is seen in the rows in view. */
function planSeen(scene: LineScene, into: Strokes, index: number, key: number): void {
  const { picture, rows, threshold } = scene;
  for (let query = rows.first; query < rows.last; query++) {
    if (!picture.hasRow(scene.heads[index], query)) continue;
    const { weights, left } = picture.row(scene.heads[index], query);
    if (isDrawn(weights[key], threshold * picture.scale))
      planLine(scene, into, FOCUSED, index, query, key, picture.strength(weights[key]) * ink(left));
  }
}

/**
 * Visits the entries that get a line. Far above and far below the window all lines of a head would be the same line
 * (see `heightOf`), so there only the strongest is visited.
 */
function eachDrawn(scene: LineScene, side: SideName, weights: Float32Array, visit: (entry: number) => void): void {
  const { height } = scene;
  const top = scene.tops[side];
  const threshold = scene.threshold * scene.picture.scale;
  const first = Math.floor((top - height) / ROW);
  const last = Math.ceil((top + 2 * height) / ROW);
  let [above, below] = [-1, -1];
  for (const entry of drawnOf(weights, threshold).entries) {
    if (entry < first) {
      above = stronger(weights, above, entry);
      continue;
    }
    if (above >= 0) visit(above);
    above = -1;
    if (entry < last) visit(entry);
    else below = stronger(weights, below, entry);
  }
  if (above >= 0) visit(above);
  if (below >= 0) visit(below);
}

function stronger(weights: Float32Array, best: number, entry: number): number {
  return best < 0 || weights[entry] > weights[best] ? entry : best;
}

function planLine(
  scene: LineScene,
  into: Strokes,
  style: Style,
  index: number,
  query: number,
  key: number,
  strength: number,
): void {
  const head = scene.heads[index];
  const dim = scene.only === null || scene.only === head ? 1 : DIMMED;
  const offset = style.spread * offsetOf(index, scene.heads.length);
  const from = heightOf(query, scene.tops.query, scene.height) + offset;
  const to = heightOf(key, scene.tops.key, scene.height) + offset;
  into.push(from, to, dim * style.alpha(strength), style.width(strength), head, query, key);
}

/** Lines of a row stand in the order of their heads. */
function offsetOf(index: number, count: number): number {
  return (index - (count - 1) / 2) * Math.min(OFFSET, MOST_OFFSET / count);
}

/** The middle of a row. What is far out of view is brought near, or its lines would all be one steep edge. */
function heightOf(entry: number, top: number, height: number): number {
  return Math.min(2 * height, Math.max(-height, (entry + 0.5) * ROW - top));
}
