import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { LayerData } from "../../../source/layer.js";
import type { TileQuestion } from "../../../source/source.js";
import { same } from "../../../store/synced.js";
import { TileLoader } from "../../../store/tile_loader.js";
import { tilesOf, type Units, unitAt, unitsAt, unitsOf } from "../../../store/units.js";
import type { ViewState } from "../state.js";
import { type Both, both, lengthOf, middleOf, moved, runsIn, type Sight, zoomed } from "./extent.js";
import { sees, spansOf } from "./paint.js";

/** In CSS pixels: room for the names of rows and of columns, and the first key with the gap beside it. */
export const LEFT = 76;
export const BELOW = 64;
export const RAIL = 8;
const SIDE = [40, 560] as const;
/** Of a token: short texts are drawn no larger, and nobody comes closer than the other. */
const MOST_PITCH = 24;
const CLOSEST = 40;
/** The first key, which most heads give most of their weight, is kept apart, as in the grid of heads. */
export const FIRST_KEY = [0, 1] as const;
/** What is wanted while the map moves is asked for when it rests so long; a cell's number when the pointer does. */
const SETTLED_MS = 50;
const DWELL_MS = 100;

/** How both axes are cut. */
export type Cut = Both<Units>;

/** A place on the map, in token positions; a key below 1 is the one that is kept apart. */
export interface Spot extends Both<number> {
  by: "pointer" | "keyboard";
}

/** A cell by the edges of what it holds. */
export type Cell = Both<readonly number[]>;

/** The map of one head: where one is on it, and what is drawn there. Python never sees any of it. */
export class MapState {
  readonly spot = signal<Spot | null>(null);
  /** The exact number of the cell that one is at, once it has been asked for. */
  readonly number = signal<number | null>(null);
  readonly isOn: ReadonlySignal<boolean>;
  /** Of what is drawn, without the first key, in CSS pixels: height for the queries, width for the keys. */
  readonly size: ReadonlySignal<Both<number>>;
  /** All of both axes. */
  readonly whole: ReadonlySignal<Sight>;
  readonly sight: ReadonlySignal<Sight>;
  readonly isWhole: ReadonlySignal<boolean>;
  readonly cut: ReadonlySignal<Cut>;
  /** How the small map of all is cut. */
  readonly overview: ReadonlySignal<Cut>;
  /** Whose map it is; null where there is none. */
  readonly head: ReadonlySignal<Omit<TileQuestion, "row_edges" | "column_edges" | "exact"> | null>;
  /** The layer, as far as it is at hand: it tells what the mask hides. */
  readonly data: ReadonlySignal<LayerData | null>;
  readonly cell: ReadonlySignal<Cell | null>;
  readonly loader: TileLoader;
  readonly #moved = signal<{ of: Sight; sight: Sight } | null>(null);
  readonly #units: ReadonlySignal<Both<Units[]>>;
  #before: Cell | null = null;

  constructor(readonly view: ViewState) {
    const { store } = view;
    const count = both((side) => computed(() => store.side(side).labels.length));
    this.loader = new TileLoader(store.source);
    this.isOn = computed(() => store.settings.value.head_mode === "map");
    this.whole = computed(() => {
      const [queries, keys] = [count.query.value, count.key.value];
      return { query: { start: 0, end: Math.max(1, queries) }, key: { start: 1, end: Math.max(2, keys) } };
    });
    this.size = computed(() => {
      const room = Math.min(SIDE[1], view.width.value - LEFT - RAIL);
      return both((side) =>
        Math.round(Math.max(SIDE[0], Math.min(room, lengthOf(this.whole.value[side]) * MOST_PITCH))),
      );
    });
    this.sight = computed(() =>
      this.#moved.value?.of === this.whole.value ? this.#moved.value.sight : this.whole.value,
    );
    this.isWhole = computed(
      () => this.sight.value.key.end - this.sight.value.key.start >= lengthOf(this.whole.value.key),
    );
    this.#units = computed(() => both((side) => unitsOf(store.side(side), this.whole.value[side].start)));
    this.cut = computed(() => this.cutAt(this.sight.value, this.size.value));
    this.overview = computed(() => this.cutAt(this.whole.value, { query: BELOW, key: LEFT }));
    this.head = computed(() => this.#head());
    this.data = computed(() => {
      const { part, layer } = store.selection.value;
      const data = store.data.value;
      return data?.part === part && data.layer === layer ? data : null;
    });
    this.cell = computed(() => this.#cell());
  }

  /** Ways to cut what is in sight, the coarsest first: as it is drawn from further away. */
  get coarser(): Cut[] {
    return [64, 32, 16, 8, 4, 2].map((factor) =>
      this.cutAt(
        this.sight.value,
        both((side) => this.size.value[side] / factor),
      ),
    );
  }

  /** How a sight is cut where it is drawn so large. */
  cutAt(sight: Sight, size: Both<number>): Cut {
    const { map_level } = this.view.store.settings.value;
    return both((side) => unitsAt(this.#units.value[side], size[side] / lengthOf(sight[side]), map_level));
  }

  /** Whether the mask hides all keys of a rectangle from all of its queries, as far as is known. */
  isHidden({ query, key }: Cell): boolean {
    const data = this.data.value;
    if (data === null) return false;
    const spans = spansOf(data, query);
    return spans.starts.every((_, row) => !sees(spans, row, key[0], key[key.length - 1]));
  }

  /** Tiles of a cut that are in sight, the nearest first, and `more` round them. */
  tilesIn(cut: Cut, sight: Sight, more = 0): TileQuestion[] {
    const head = this.head.value;
    if (head === null) return [];
    const [rows, columns] = [cut.query, cut.key].map(tilesOf);
    const { query, key } = this.spot.peek() ?? both((side) => middleOf(sight[side]));
    const near = [FIRST_KEY, ...runsIn(columns, sight.key, more)];
    return runsIn(rows, sight.query, more)
      .flatMap((row_edges) => near.map((column_edges) => ({ ...head, row_edges, column_edges, exact: false })))
      .filter(({ row_edges, column_edges }) => !this.isHidden({ query: row_edges, key: column_edges }))
      .map((question) => {
        const across = question.column_edges === FIRST_KEY ? 0 : distanceTo(question.column_edges, key);
        return { question, distance: Math.hypot(distanceTo(question.row_edges, query), across) };
      })
      .sort((a, b) => a.distance - b.distance)
      .map(({ question }) => question);
  }

  show(sight: Sight): void {
    this.#moved.value = { of: this.whole.peek(), sight };
  }

  /** Comes closer to a place, or goes away from it. */
  zoom(factor: number, at: Both<number>): void {
    const [sight, whole, size] = [this.sight.peek(), this.whole.peek(), this.size.peek()];
    const place = (side: "query" | "key") => Math.max(at[side], sight[side].start);
    this.show(both((side) => zoomed(sight[side], whole[side], place(side), factor, size[side] / CLOSEST)));
  }

  /** Moves what is in sight, by tokens. */
  pan(by: Both<number>): void {
    this.show(both((side) => moved(this.sight.peek()[side], this.whole.peek()[side], by[side])));
  }

  /** Goes to a place by keys: it comes to the middle, as far as the map reaches. */
  goTo(at: Both<number>): void {
    const [sight, whole] = [this.sight.peek(), this.whole.peek()];
    const to = both((side) => Math.max(whole[side].start, Math.min(whole[side].end - 0.5, at[side])));
    this.spot.value = { ...to, by: "keyboard" };
    this.pan(both((side) => to[side] - middleOf(sight[side])));
  }

  /** Follows what is wanted, until the returned function is called. */
  attach(): () => void {
    const stops = [effect(() => this.#want()), effect(() => this.#dwell())];
    return () => {
      for (const stop of stops) stop();
      this.loader.want([], []);
    };
  }

  /** First what is in sight, then the small map of all, then what is round it. */
  #want(): () => void {
    const [sight, cut] = [this.sight.value, this.cut.value];
    const needed = this.tilesIn(cut, sight);
    const all = this.isWhole.value ? [] : this.tilesIn(this.overview.value, this.whole.value);
    const soon = [...all, ...this.tilesIn(cut, sight, 1)];
    const timer = setTimeout(() => this.loader.want(needed, soon), SETTLED_MS);
    return () => clearTimeout(timer);
  }

  /** Asks for the number of the cell at which one rests. */
  #dwell(): (() => void) | undefined {
    const [cell, head] = [this.cell.value, this.head.value];
    this.number.value = null;
    if (cell === null || head === null || this.isHidden(cell)) return undefined;
    const ending = new AbortController();
    const question = { ...head, row_edges: cell.query, column_edges: cell.key, exact: true };
    const timer = setTimeout(() => {
      this.view.store.source.tile(question, { signal: ending.signal }).then(
        ({ cells }) => {
          if (!ending.signal.aborted) this.number.value = cells[0];
        },
        () => {}, // what keeps the map from being drawn is said in its place
      );
    }, DWELL_MS);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }

  #cell(): Cell | null {
    const [spot, cut] = [this.spot.value, this.cut.value];
    if (spot === null) return null;
    const cell = both((side) => {
      const { edges } = cut[side];
      const at = unitAt(edges, spot[side]);
      return side === "key" && spot.key < 1 ? FIRST_KEY : edges.slice(at, at + 2);
    });
    const isSame = this.#before !== null && same(cell.query, this.#before.query) && same(cell.key, this.#before.key);
    if (!isSame) this.#before = cell; // else nothing has to follow
    return this.#before;
  }

  #head(): MapState["head"]["value"] {
    const { store } = this.view;
    const { part, layer, head } = store.selection.value;
    const { reduce, measure } = store.settings.value;
    if (!this.isOn.value || head === null || head >= store.layerMeta.value.heads) return null;
    return { part, layer, head, reduce, measure: this.data.value?.valueNorms === null ? "weight" : measure };
  }
}

function distanceTo(edges: readonly number[], position: number): number {
  return Math.max(0, edges[0] - position, position - edges[edges.length - 1]);
}
