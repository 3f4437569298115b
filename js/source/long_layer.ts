import { signal } from "@preact/signals";
import { Cache } from "./cache.js";
import type { LayerData } from "./layer.js";
import { BLOCK, LongVectors } from "./long_vectors.js";
import type { Need } from "./need.js";
import type { Arrays, Packet } from "./packet.js";
import { softmaxRow } from "./softmax.js";
import type { Following } from "./source.js";

/** What came of an answer about a long layer; `why` says why there is nothing. */
export interface Slice extends Arrays {
  why: string;
}

export interface Outside {
  /** Asks the kernel (python/headscope/widgets/long.py). */
  ask(op: string, args: Record<string, unknown>, following: Following): Promise<Slice>;
  /** Rows of all long layers of a capture. */
  rows: Cache<string, Float32Array>;
  /** Called when the layer has grown. */
  onGrown(layer: LayerData): void;
}

const COLUMNS_BYTES = 32 << 20;
/** Rows of every head that are kept in any case: more than a window shows. */
const LEAST_ROWS = 32;
/** Most bytes asked for at once. */
const ASKED_BYTES = 4 << 20;
const FRAME_MS = 17;

/**
 * A layer of a long text. Who sees whom is known; vectors come by heads, keys at once and queries in blocks, so that any
 * row is computed here; columns, which would take the rows of all queries, come from the kernel. Of a layer whose weights
 * only the model itself computes, rows come from there as well.
 */
export class LongLayer implements LayerData {
  readonly isWhole = false;
  readonly rounding = 0;
  readonly part: string;
  readonly layer: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly vectors: LongVectors | null;
  readonly #name: string;
  readonly #packet: Packet;
  readonly #columns = new Cache<string, Float32Array>(COLUMNS_BYTES);
  readonly #totals = new Map<number, Float32Array>();
  readonly #arrivals = signal(0);
  #telling: Promise<void> | undefined;
  readonly #norms = signal<{ values: Float32Array | null; largest: number; why: string } | null>(null);
  readonly #start: Int32Array | null;
  readonly #stop: Int32Array | null;

  constructor(
    packet: Packet,
    private readonly outside: Outside,
  ) {
    const { header } = packet;
    this.#packet = packet;
    ({ part: this.part, layer: this.layer, heads: this.heads, queries: this.queries, keys: this.keys } = header);
    this.vectors = header.form === "vectors" ? new LongVectors(packet) : null;
    this.#name = `${this.part} ${this.layer}`;
    this.#start = packet.has("start") ? packet.ints("start") : null;
    this.#stop = packet.has("stop") ? packet.ints("stop") : null;
    outside.rows.budgetBytes = Math.max(outside.rows.budgetBytes, LEAST_ROWS * this.heads * this.keys * 4);
  }

  get bytes(): number {
    return this.#packet.header.bytes + (this.vectors?.bytes ?? 0) + this.#columns.bytes;
  }

  get arrivals(): number {
    return this.#arrivals.value;
  }

  get valueNorms(): Float32Array | null {
    return this.#norms.value?.values ?? null;
  }

  get valueNormReason(): string {
    return this.#norms.value?.why ?? "";
  }

  get valueNormLargest(): number {
    return this.#norms.value?.largest ?? 0;
  }

  row(head: number, query: number): Float32Array {
    const at = this.#rowName(head, query);
    const known = this.outside.rows.get(at);
    if (known !== undefined) return known;
    if (this.vectors === null) throw new Error("read before it came");
    const { row } = softmaxRow(this.vectors, this.keys, head, query);
    this.outside.rows.set(at, row, row.byteLength);
    return row;
  }

  hasRow(head: number, query: number): boolean {
    return this.outside.rows.has(this.#rowName(head, query));
  }

  column(head: number, key: number): Float32Array {
    return this.taken(head, [key]);
  }

  taken(head: number, keys: readonly number[]): Float32Array {
    return this.#columns.get(columnName(head, keys)) ?? new Float32Array(this.queries);
  }

  total(head: number, query: number): number {
    const [start, stop] = this.span(query);
    return this.#totals.get(head)?.[query] ?? (start < stop ? 1 : 0);
  }

  span(query: number): readonly [number, number] {
    return this.#start === null || this.#stop === null ? [0, this.keys] : [this.#start[query], this.#stop[query]];
  }

  sees(query: number, key: number): boolean {
    const [start, stop] = this.span(query);
    return key >= start && key < stop;
  }

  isHere(need: Need): boolean {
    const isHere = this.#asks(need, true).length === 0;
    if (!isHere) void this.#arrivals.value;
    return isHere;
  }

  async bring(need: Need, following: Following): Promise<void> {
    const asks = this.#asks(need, false);
    let done = 0;
    const onProgress = (share: number) => following.onProgress?.((done + share) / asks.length);
    const all = asks.map(async (ask) => {
      await ask({ signal: following.signal, onProgress });
      done += 1;
      onProgress(0);
      await this.#tell();
    });
    await Promise.all(all);
  }

  /** Tells that something has come, what comes at nearly the same time at once: a frame that took messages has no time to draw. */
  #tell(): Promise<void> {
    this.#telling ??= new Promise((resolve) => {
      setTimeout(() => {
        this.#telling = undefined;
        this.#arrivals.value += 1;
        this.outside.onGrown(this);
        resolve();
      }, FRAME_MS);
    });
    return this.#telling;
  }

  /** What has to be asked for. @param isAny Whether one is enough to know. */
  #asks(need: Need, isAny: boolean): ((following: Following) => Promise<void>)[] {
    const { heads, rows = [], columns = [], all = [], norms = false } = need;
    const asks: ((following: Following) => Promise<void>)[] = [];
    const { vectors } = this;
    if (vectors === null) {
      const missing = rows.filter((query) => heads.some((head) => !this.hasRow(head, query)));
      for (const some of portions(missing, heads.length * this.keys))
        asks.push((following) => this.#askRows(heads, some, following));
    } else {
      const kinds = new Set(rows.length > 0 ? [...all, "key" as const] : all);
      for (const what of ["key", "value"] as const) {
        if (!kinds.has(what)) continue;
        const groups = [...new Set(heads.map((head) => vectors.group(head)))].filter((one) => !vectors.has(what, one));
        for (const some of portions(groups, (what === "key" ? vectors.d : vectors.dv) * this.keys))
          asks.push((following) => this.#askGroups(what, some, following));
      }
      if (isAny && asks.length > 0) return asks;
      const blocks = kinds.has("query")
        ? Array.from({ length: vectors.blocks }, (_, block) => block)
        : [...new Set(rows.map((query) => Math.floor(query / BLOCK)))].sort((a, b) => a - b);
      const missing = blocks.filter((block) => heads.some((head) => !vectors.hasBlock(head, block)));
      for (const [first, last] of runs(missing))
        asks.push((following) => this.#askQueries(heads, first, last, following));
    }
    const sets = columns.filter((keys) => heads.some((head) => !this.#columns.has(columnName(head, keys))));
    if (sets.length > 0) asks.push((following) => this.#askColumns(heads, sets, following));
    if (norms && this.#norms.peek() === null) asks.push((following) => this.#askNorms(following));
    return asks;
  }

  async #askGroups(what: "key" | "value", groups: readonly number[], following: Following): Promise<void> {
    const numbers = (await this.#ask("vectors", { what, heads: groups, range: [0, this.keys] }, following)).floats(
      what,
    );
    const each = numbers.length / groups.length;
    groups.forEach((group, index) => {
      this.vectors?.keep(what, group, numbers.subarray(index * each, (index + 1) * each));
    });
  }

  async #askQueries(heads: readonly number[], first: number, last: number, following: Following): Promise<void> {
    const range = [first * BLOCK, Math.min(this.queries, (last + 1) * BLOCK)];
    const slice = await this.#ask("vectors", { what: "query", heads, range }, following);
    this.vectors?.keepQueries(heads, first, slice.floats("query"));
  }

  async #askRows(heads: readonly number[], queries: readonly number[], following: Following): Promise<void> {
    const numbers = (await this.#ask("rows", { heads, queries }, following)).floats("rows");
    heads.forEach((head, index) => {
      queries.forEach((query, at) => {
        const from = (index * queries.length + at) * this.keys;
        this.outside.rows.set(this.#rowName(head, query), numbers.slice(from, from + this.keys), 4 * this.keys);
      });
    });
  }

  async #askColumns(
    heads: readonly number[],
    sets: readonly (readonly number[])[],
    following: Following,
  ): Promise<void> {
    const totals = heads.some((head) => !this.#totals.has(head)); // the same for every key
    const slice = await this.#ask("columns", { heads, sets, totals }, following);
    const columns = slice.floats("columns");
    const one = (numbers: Float32Array, at: number) => numbers.slice(at * this.queries, (at + 1) * this.queries);
    heads.forEach((head, index) => {
      if (totals) this.#totals.set(head, one(slice.floats("total"), index));
      sets.forEach((keys, at) => {
        this.#columns.set(columnName(head, keys), one(columns, index * sets.length + at), 4 * this.queries);
      });
    });
  }

  async #askNorms(following: Following): Promise<void> {
    const slice = await this.#ask("norms", {}, following);
    const values = slice.has("value_norm") ? slice.floats("value_norm") : null;
    this.#norms.value = { values, largest: values === null ? 0 : slice.floats("largest")[0], why: slice.why };
  }

  #ask(op: string, args: Record<string, unknown>, following: Following): Promise<Slice> {
    return this.outside.ask(op, { part: this.part, layer: this.layer, ...args }, following);
  }

  #rowName(head: number, query: number): string {
    return `${this.#name} ${head * this.queries + query}`;
  }
}

function columnName(head: number, keys: readonly number[]): string {
  return `${head} ${keys.join()}`;
}

/** What there is to ask for in portions of at most `ASKED_BYTES`. @param floats Of one. */
function portions(all: readonly number[], floats: number): number[][] {
  const each = Math.max(1, Math.floor(ASKED_BYTES / (4 * floats)));
  return Array.from({ length: Math.ceil(all.length / each) }, (_, at) => all.slice(at * each, (at + 1) * each));
}

/** Numbers, ascending, as runs without a gap: the first and the last of each. */
function runs(numbers: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found;
}
