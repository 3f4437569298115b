import { Cache, cacheBytes } from "../source/cache.js";
import type { LayerData } from "../source/layer.js";
import type { Need } from "../source/need.js";
import type { Axis } from "./axis.js";
import type { Settings } from "./settings.js";

/** A row of at least this much left weight is drawn at full strength. */
const FULL_INK = 0.3;

export type Measure = Settings["measure"];

export interface Row {
  /** Per entry of the key axis, float32, in the picture's measure; 0 for entries that are not shown. */
  weights: Float32Array;
  /** Share of the row's weight on keys that are not hidden; 1 where none is hidden, and of other measures than weights. */
  left: number;
}

export interface Column {
  /** Per entry of the query axis; for drawing. Numbers that a person reads come from rows. */
  weights: Float32Array;
  left: Float32Array;
}

/** How strongly a row is drawn, 0 to 1: a nearly empty row, renormalised, must not shout. */
export function ink(left: number): number {
  return Math.min(1, left / FULL_INK);
}

/**
 * What is drawn of a layer: tokens hidden, sub-words merged, sentence pairs filtered. The exact arithmetic of
 * python/headscope/answers/display.py, for one row or column at a time.
 *
 * Only weights are renormalised where keys are hidden: norms of values do not share out anything.
 */
export class Picture {
  /** What the numbers are: "weight" where the layer does not know the norms of its values. */
  readonly measure: Measure;
  /** The number that is drawn at full strength: 1, or the largest weight x norm of the layer. */
  readonly scale: number;
  readonly #norms: Float32Array | null; // [heads, keys]
  readonly #rows: Cache<number, Row>;
  readonly #columns: Cache<number, Column>;
  readonly #hidden: readonly number[];
  /** What is left of each row where none is hidden. */
  readonly #whole: Float32Array;

  constructor(
    readonly layer: LayerData,
    readonly queries: Axis,
    readonly keys: Axis,
    measure: Measure = "weight",
  ) {
    const isOfNorms = measure !== "weight" && layer.isHere({ heads: [], norms: true });
    this.#norms = isOfNorms ? layer.valueNorms : null;
    this.measure = this.#norms === null ? "weight" : measure;
    this.scale = this.#norms === null ? 1 : layer.valueNormLargest;
    this.#hidden = this.#norms === null ? keys.hidden : [];
    this.#whole = new Float32Array(queries.entries.length).fill(1);
    this.#rows = new Cache(cacheBytes(layer.heads, layer.keys));
    this.#columns = new Cache(cacheBytes(layer.heads, layer.queries));
  }

  /** Weights from one entry of the query axis: the mean of its tokens' rows, keys summed into theirs, renormalised. */
  row(head: number, query: number): Row {
    const { entries } = this.queries;
    if (this.#isRaw) return { weights: this.layer.row(head, query), left: 1 };
    const at = head * entries.length + query;
    const known = this.#rows.get(at);
    if (known !== undefined) return known;
    const row = entries[query].shown ? this.#reduce(head, entries[query].positions) : this.#empty();
    this.#rows.set(at, row, row.weights.byteLength);
    return row;
  }

  /** Whether `row` costs nothing. */
  hasRow(head: number, query: number): boolean {
    const { entries } = this.queries;
    if (this.#isRaw) return this.layer.hasRow(head, query);
    return !entries[query].shown || this.#rows.has(head * entries.length + query);
  }

  /** Whether `row` can be asked: of a long layer the vectors may still be on their way. */
  isHere(head: number, query: number): boolean {
    const { positions, shown } = this.queries.entries[query];
    return this.layer.isWhole || !shown || this.layer.isHere({ heads: [head], rows: positions });
  }

  /** What `column` of these heads is made of. */
  columnNeed(heads: readonly number[], key: number): Need {
    const sets = this.keys.entries[key].positions.map((at) => [at]);
    return { heads, columns: this.#hidden.length > 0 ? [...sets, this.#hidden] : sets };
  }

  /** Whether `column` can be asked. */
  columnIsHere(head: number, key: number): boolean {
    return this.layer.isWhole || !this.keys.entries[key].shown || this.layer.isHere(this.columnNeed([head], key));
  }

  /** Weights to one entry of the key axis. */
  column(head: number, key: number): Column {
    if (this.#isRaw) return { weights: this.layer.column(head, key), left: this.#whole };
    const at = head * this.keys.entries.length + key;
    const known = this.#columns.get(at);
    if (known !== undefined) return known;
    const column = this.#reduceColumn(head, key);
    this.#columns.set(at, column, 2 * column.weights.byteLength);
    return column;
  }

  /** Whether a query may look at a key: its mask leaves some token of the one to some token of the other. */
  sees(query: number, key: number): boolean {
    const to = this.keys.entries[key].positions;
    return this.queries.entries[query].positions.some((from) => to.some((at) => this.layer.sees(from, at)));
  }

  /** Whether there is a weight to show from a query to a key: both take part, and the mask lets the one see the other. */
  connects(query: number, key: number): boolean {
    return this.queries.entries[query].shown && this.keys.entries[key].shown && this.sees(query, key);
  }

  /** How strongly a number is drawn, 0 to 1, before what is left of its row. A merged word may be more than any token. */
  strength(number: number): number {
    return this.measure === "weight" ? number : Math.min(1, number / (this.scale || 1));
  }

  /** Whether a row is drawn as the layer has it. */
  get #isRaw(): boolean {
    return this.queries.plain && this.keys.plain && this.#norms === null;
  }

  #normsOf(head: number): Float32Array | null {
    return this.#norms?.subarray(head * this.layer.keys, (head + 1) * this.layer.keys) ?? null;
  }

  #reduce(head: number, positions: readonly number[]): Row {
    const { entries, entryOf, takesPart } = this.keys;
    const sums = new Float64Array(entries.length);
    const norms = this.#normsOf(head);
    let rest = 0;
    for (const query of positions) {
      const raw = this.layer.row(head, query);
      for (let at = 0; at < raw.length; at++)
        if (takesPart[at] === 1) sums[entryOf[at]] += raw[at] * (norms?.[at] ?? 1);
      if (this.#hidden.length > 0) rest += this.#sumUnhidden(raw);
    }
    const left = this.#hidden.length > 0 ? rest / positions.length : 1;
    const weights = new Float32Array(entries.length);
    for (let key = 0; key < entries.length; key++) {
      if (entries[key].shown) weights[key] = divided(sums[key] / positions.length, left);
    }
    return { weights, left };
  }

  #sumUnhidden(raw: Float32Array): number {
    let sum = 0;
    let next = 0; // hidden positions ascend
    for (let at = 0; at < raw.length; at++) {
      if (at === this.#hidden[next]) next += 1;
      else sum += raw[at];
    }
    return sum;
  }

  #empty(): Row {
    return { weights: new Float32Array(this.keys.entries.length), left: 1 };
  }

  #reduceColumn(head: number, key: number): Column {
    const { entries } = this.queries;
    const entry = this.keys.entries[key];
    const weights = new Float32Array(entries.length);
    const left = new Float32Array(entries.length).fill(1);
    if (!entry.shown) return { weights, left };
    const norms = this.#normsOf(head);
    const raw = sumOf(entry.positions.map((at) => scaled(this.layer.column(head, at), norms?.[at] ?? 1)));
    const taken = this.layer.taken(head, this.#hidden);
    entries.forEach(({ shown, positions }, query) => {
      if (!shown) return;
      if (this.#hidden.length > 0)
        left[query] = mean(positions, (at) => Math.max(0, this.layer.total(head, at) - taken[at]));
      if (left[query] < EXACT_BELOW && this.isHere(head, query)) {
        const row = this.row(head, query);
        left[query] = row.left;
        weights[query] = row.weights[key];
        return;
      }
      weights[query] = divided(
        mean(positions, (at) => raw[at]),
        left[query],
      );
    });
    return { weights, left };
  }
}

/** What is left of a row is a small difference of large numbers below this: then the row itself is asked. */
const EXACT_BELOW = 1e-3;

/** A row that has nothing left stays 0; one that holds NaN stays NaN. */
function divided(weight: number, left: number): number {
  return left === 0 ? 0 : weight / left;
}

function mean(positions: readonly number[], value: (at: number) => number): number {
  return positions.reduce((sum, at) => sum + value(at), 0) / positions.length;
}

function scaled(column: Float32Array, by: number): Float32Array {
  return by === 1 ? column : column.map((weight) => weight * by);
}

function sumOf(columns: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(columns[0]?.length ?? 0);
  for (const column of columns) for (let at = 0; at < column.length; at++) sum[at] += column[at];
  return sum;
}
