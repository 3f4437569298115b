import type { LayerData } from "../../source/layer.js";
import type { ThumbnailQuestion, Thumbnails } from "../../source/source.js";

/** What is read off a head: numbers of float32 rows. */
export interface Strongest {
  query: number;
  key: number;
  value: number;
}

/** One head, pooled from its exact rows. */
export interface ExactHead {
  picture: Thumbnails;
  /** The largest number outside of the first token's column; null where there is none. */
  strongest: Strongest | null;
  /** What the first token gets, as the mean over the queries; null where it takes no part. */
  first: number | null;
  /** The position with the largest number in each row and in each column of the picture. */
  rowPeaks: readonly number[];
  columnPeaks: readonly number[];
}

export interface ExactQuestion {
  data: LayerData;
  head: number;
  /** Positions that take part. */
  queries: readonly number[];
  keys: readonly number[];
  /** Most cells a side. */
  size: number;
  /** Norms of the values, where numbers are weight x norm. */
  norms: Float32Array | null;
  /** What the largest byte stands for. */
  scale: number;
  reduce: ThumbnailQuestion["reduce"];
}

/** Reads a head row by row, a few at a time, so that no frame is late. */
export class ExactReader {
  readonly #rows: number;
  readonly #columns: number;
  /** Where the rows begin, and the end of the last. */
  readonly #cuts: number[];
  readonly #keys: readonly number[];
  readonly #body: Float32Array; // [rows, columns]
  readonly #rail: Float64Array; // [rows]
  readonly #rowPeaks: { at: number; value: number }[];
  readonly #columnPeaks: { at: number; value: number }[];
  #strongest: Strongest | null = null;
  #done = 0;

  constructor(private readonly question: ExactQuestion) {
    const { queries, keys, size } = question;
    this.#keys = keys.filter((key) => key > 0);
    this.#rows = Math.min(size, queries.length);
    this.#columns = Math.min(size, this.#keys.length);
    this.#cuts = cuts(queries.length, this.#rows);
    this.#body = new Float32Array(this.#rows * this.#columns);
    this.#rail = new Float64Array(this.#rows);
    this.#rowPeaks = firstOfEach(queries, this.#rows);
    this.#columnPeaks = firstOfEach(this.#keys, this.#columns);
  }

  /** Goes on as long as there is time; whether all is read. */
  read(hasTime: () => boolean): boolean {
    const { queries } = this.question;
    while (this.#done < queries.length) {
      this.#take(this.#done);
      this.#done += 1;
      if (!hasTime()) break;
    }
    return this.#done === queries.length;
  }

  get result(): ExactHead {
    const { queries, keys, data, scale } = this.question;
    const rowEdges = edges(queries, this.#rows);
    const means = this.#rail.map((sum, row) => sum / (this.#cuts[row + 1] - this.#cuts[row]));
    const picture: Thumbnails = {
      layer: data.layer,
      heads: 1,
      rows: this.#rows,
      columns: this.#columns,
      body: asBytes(this.#body, scale),
      rail: keys[0] === 0 ? asBytes(means, scale) : null,
      scale,
      rowEdges,
      columnEdges: edges(this.#keys, this.#columns),
    };
    const first = keys[0] === 0 ? this.#rail.reduce((sum, one) => sum + one, 0) / queries.length : null;
    const peaks = (all: { at: number }[]) => all.map(({ at }) => at);
    return {
      picture,
      strongest: this.#strongest,
      first,
      rowPeaks: peaks(this.#rowPeaks),
      columnPeaks: peaks(this.#columnPeaks),
    };
  }

  #take(index: number): void {
    const { data, head, queries, norms } = this.question;
    const query = queries[index];
    const weights = data.row(head, query);
    const row = Math.floor((index * this.#rows) / queries.length);
    const value = (key: number) => (norms === null ? weights[key] : weights[key] * norms[head * data.keys + key]);
    this.#rail[row] += value(0);
    const [, stop] = data.span(query);
    for (let at = 0; at < this.#keys.length; at++) {
      const key = this.#keys[at];
      if (key >= stop) break;
      this.#see(row, Math.floor((at * this.#columns) / this.#keys.length), query, key, value(key));
    }
  }

  #see(row: number, column: number, query: number, key: number, value: number): void {
    if (!(value > 0)) {
      if (Number.isNaN(value)) this.#strongest = { query, key, value };
      return;
    }
    const cell = row * this.#columns + column;
    if (this.question.reduce === "mean") this.#body[cell] += value / (this.#cuts[row + 1] - this.#cuts[row]);
    else if (value > this.#body[cell]) this.#body[cell] = value;
    if (value > this.#rowPeaks[row].value) this.#rowPeaks[row] = { at: query, value };
    if (value > this.#columnPeaks[column].value) this.#columnPeaks[column] = { at: key, value };
    if (value > (this.#strongest?.value ?? 0)) this.#strongest = { query, key, value };
  }
}

/** Bytes on the scale of thumbnails. */
function asBytes(values: Float32Array | Float64Array, scale: number): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let at = 0; at < values.length; at++) {
    if (values[at] > 0) bytes[at] = Math.round(255 * Math.sqrt(Math.min(1, values[at] / scale)));
  }
  return bytes;
}

/** A cell in which there is nothing is named by its first position. */
function firstOfEach(positions: readonly number[], cells: number): { at: number; value: number }[] {
  return edges(positions, cells)
    .slice(0, -1)
    .map((at) => ({ at, value: 0 }));
}

/** Where each of `cells` begins among `count` positions. */
function cuts(count: number, cells: number): number[] {
  return Array.from({ length: cells + 1 }, (_, cell) => Math.ceil((cell * count) / Math.max(1, cells)));
}

function edges(positions: readonly number[], cells: number): number[] {
  const last = (positions[positions.length - 1] ?? -1) + 1;
  return cuts(positions.length, cells).map((at) => positions[at] ?? last);
}
