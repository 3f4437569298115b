import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { ThumbnailQuestion } from "../../source/source.js";
import type { LayerMeta } from "../../store/meta.js";
import { range } from "../../store/selection.js";
import type { Store } from "../../store/store.js";
import { fieldsOf } from "../../store/synced.js";
import { FIRST_SIZE, ThumbnailLoader, type WantedThumbnails } from "../../store/thumbnail_loader.js";
import type { FrameState } from "../shared/frame_state.js";
import type { Guard } from "../shared/guard.js";
import { Enlarged } from "./enlarged.js";
import { type GridLayout, gridLayout } from "./layout.js";
import { Links } from "./links.js";
import { bodyOf, looksBack } from "./plot.js";
import type { Cell, Walkable } from "./walk.js";

const MOST_LINES = 32;

/** One model view on the page: where the pointer is and how wide the pane is. All else is the store's, or derived. */
export class ModelState {
  /** The head under the pointer, or that the keyboard has come to. */
  readonly hover = signal<Cell | null>(null);
  /** Where the keyboard goes on from; null for where the selection is. */
  readonly place = signal<Cell | null>(null);
  /** Of the pane, in pixels; 0 until it has been measured. */
  readonly width = signal(0);
  /** Whether the fields that leave out layers and heads are open. */
  readonly isChoosing = signal(false);
  readonly guard: Guard;
  /** Whether only the selected layer is shown, on one line, so that heads can still be chosen. */
  readonly isFolded: ReadonlySignal<boolean>;
  /** The layers shown, and the numbers of the heads that the largest of them shows. */
  readonly layers: ReadonlySignal<readonly LayerMeta[]>;
  readonly heads: ReadonlySignal<readonly number[]>;
  readonly grid: ReadonlySignal<Walkable>;
  readonly layout: ReadonlySignal<GridLayout>;
  readonly question: ReadonlySignal<ThumbnailQuestion>;
  readonly thumbnails: ThumbnailLoader;
  /** Whether queries see only what is before them, as far as is known. */
  readonly looksBack: ReadonlySignal<boolean>;
  /** The head that is enlarged: the one under the pointer, else the selected one. */
  readonly enlarged: Enlarged;
  /** Which heads link two tokens. */
  readonly links: Links;

  constructor(
    readonly store: Store,
    readonly frame: FrameState,
  ) {
    this.guard = frame.guard;
    const { settings } = store;
    const only = fieldsOf(settings, "show_layers", "show_heads");
    this.isFolded = computed(() => !frame.isAlone && settings.value.folded.includes("model"));
    this.layers = computed(() => {
      const shown = this.isFolded.value ? [store.layerMeta.value.layer] : only.value.show_layers;
      return store.part.value.layers.filter((one) => isIn(shown, one.layer));
    });
    this.heads = computed(() => this.allHeads.filter((head) => isIn(only.value.show_heads, head)));
    this.layout = computed(() => gridLayout(this.width.value, this.layers.value.length, this.heads.value.length));
    this.grid = computed(() => ({
      rows: this.layers.value.map(({ layer, heads }) => ({ layer, heads: this.headsOf(heads) })),
      perBand: this.layout.value.rows,
    }));
    this.question = questionOf(this);
    this.thumbnails = new ThumbnailLoader(store.source);
    this.looksBack = computed(() => this.#looksBack());
    this.enlarged = new Enlarged(this);
    this.links = new Links(this);
  }

  /** All heads that some layer of the part has. */
  get allHeads(): number[] {
    return range(Math.max(0, ...this.store.part.value.layers.map(({ heads }) => heads)));
  }

  /** Of the heads shown those that a layer has; a refused layer keeps its place, as if it had all. */
  headsOf(count: number): readonly number[] {
    return count === 0 ? this.heads.value : this.heads.value.filter((head) => head < count);
  }

  /** The one head that the tab key leads to. */
  get tabStop(): Cell {
    const { layer, head } = this.store.selection.value;
    const wanted = this.place.value ?? { layer, head: head ?? 0 };
    const row = this.grid.value.rows.find((one) => one.layer === wanted.layer) ?? this.grid.value.rows[0];
    if (row === undefined) return wanted;
    return { layer: row.layer, head: row.heads.includes(wanted.head) ? wanted.head : row.heads[0] };
  }

  /** Loads pictures until the returned function is called. */
  attach(): () => void {
    const wanted = computed(() => this.#wanted());
    const ends = [this.thumbnails.follow(wanted), this.enlarged.follow(), this.links.follow()];
    return () => {
      for (const end of ends) end();
    };
  }

  #looksBack(): boolean {
    const data = this.store.data.value;
    if (data?.part === this.store.part.value.name) return data.span(0)[1] < data.keys;
    for (const picture of this.thumbnails.pictures.value.values()) {
      if (!(picture instanceof Error)) return looksBack(picture);
    }
    return this.store.side("query") === this.store.side("key");
  }

  #wanted(): WantedThumbnails | null {
    if (this.width.value === 0) return null;
    const layers = this.layers.value.filter(({ heads }) => heads > 0).map(({ layer }) => layer);
    const first = this.store.selection.peek().layer;
    const rest = layers.filter((layer) => layer !== first);
    return { question: this.question.value, layers: layers.includes(first) ? [first, ...rest] : rest };
  }
}

/** Changes only with what decides about the pictures. */
function questionOf({ store, layout }: ModelState): ReadonlySignal<ThumbnailQuestion> {
  const { settings } = store;
  const part = computed(() => store.part.value.name);
  const display = fieldsOf(settings, "measure", "pair_filter", "hide_special", "reduce");
  const size = computed(() => {
    const tokens = Math.max(store.side("query").labels.length, store.side("key").labels.length - 1);
    const body = bodyOf(layout.value.cell);
    const most = settings.value.thumbnails === "lines" ? Math.min(body, MOST_LINES) : body;
    const least = settings.value.reduce === "mean" ? 1 : FIRST_SIZE; // largest weights in smaller ones are pooled here
    return tokens <= least ? least : Math.max(least, most);
  });
  return computed(() => ({ part: part.value, size: size.value, ...display.value }));
}

function isIn(numbers: readonly number[] | null, number: number): boolean {
  return numbers === null || numbers.includes(number);
}
