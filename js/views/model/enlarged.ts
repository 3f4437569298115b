import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { LayerData } from "../../source/layer.js";
import type { Thumbnails } from "../../source/source.js";
import { type AxisName, axisOf } from "../../store/axis.js";
import { headsIn } from "../../store/meta.js";
import type { PairFilter } from "../../store/settings.js";
import { spoken } from "../shared/format.js";
import { onFrame } from "../shared/frame.js";
import { type EnlargedLayout, enlargedLayout } from "./enlarged_layout.js";
import { type ExactHead, type ExactQuestion, ExactReader } from "./exact.js";
import type { ModelState } from "./state.js";
import type { Cell } from "./walk.js";

/** A pointer that stays this long means the head it is on. */
const DWELL_MS = 100;
/** Time in a frame for rows; what is left over comes in the next. */
const READING_MS = 8;
/** Pairs of a head up to which it is read at once: some milliseconds of work. */
const QUICK_PAIRS = 1 << 16;
/** Pairs of a head beyond which it is not read row by row: some seconds of work. */
const MOST_PAIRS = 1 << 23;

/** The enlarged head: which one it is, and what is known of it. */
export class Enlarged {
  readonly cell: ReadonlySignal<Cell | null>;
  readonly layout: ReadonlySignal<EnlargedLayout>;
  /** Positions that take part. */
  readonly queries: ReadonlySignal<readonly number[]>;
  readonly keys: ReadonlySignal<readonly number[]>;
  /** Its thumbnail among those of its layer; null until it is there. */
  readonly coarse: ReadonlySignal<Thumbnails | null>;
  /** Read off its exact rows; null while they are not at hand. */
  readonly exact = signal<ExactHead | null>(null);
  readonly #data = signal<LayerData | null>(null);

  constructor(private readonly view: ModelState) {
    this.cell = computed(() => view.hover.value ?? selectedCell(view));
    this.queries = computed(() => positions(view, "query"));
    this.keys = computed(() => positions(view, "key"));
    this.layout = computed(() => layoutFor(view));
    this.coarse = computed(() => {
      const picture = view.thumbnails.pictures.value.get(this.cell.value?.layer ?? -1);
      return picture === undefined || picture instanceof Error ? null : picture;
    });
  }

  /** Reads whichever head is enlarged until the returned function is called. */
  follow(): () => void {
    const { guard } = this.view;
    const ending = new AbortController();
    let reader: ExactReader | null = null;
    const read = guard(() => {
      const deadline = performance.now() + READING_MS;
      if (reader?.read(() => performance.now() < deadline)) this.exact.value = reader.result;
      else if (reader !== null) ask();
    });
    const ask = onFrame(read, ending.signal);
    const stops = [
      effect(() => this.#findData()),
      effect(() => {
        const question = this.#question();
        reader = null;
        this.exact.value = null;
        if (question === null) return;
        const begin = guard(() => {
          reader = new ExactReader(question);
          read();
        });
        const isQuick = question.queries.length * question.keys.length <= QUICK_PAIRS;
        const timer = setTimeout(begin, isQuick ? 0 : DWELL_MS);
        return () => clearTimeout(timer);
      }),
    ];
    return () => {
      ending.abort();
      for (const stop of stops) stop();
    };
  }

  /** Takes the layer that is at hand, or asks for it once the pointer dwells. */
  #findData(): (() => void) | undefined {
    const { store } = this.view;
    const cell = this.cell.value;
    const part = store.part.value.name;
    const selected = store.data.value;
    const isSelected = selected?.part === part && selected.layer === cell?.layer;
    const known = isSelected ? selected : cell && store.source.peek(part, cell.layer);
    this.#data.value = known ?? null; // once, so that a head that stays is not read anew
    if (cell === null || known?.isWhole) return;
    if (cell.layer === store.selection.peek().layer || this.#isRefused(cell)) return; // it is asked for anyway, or never
    const ending = new AbortController();
    const timer = setTimeout(() => this.#ask(part, cell, ending.signal), DWELL_MS);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }

  /** And for what a click would show of a layer that comes in pieces. */
  async #ask(part: string, { layer, head }: Cell, ended: AbortSignal): Promise<void> {
    try {
      const data = await this.view.store.bring(part, layer, [head], ended);
      if (!ended.aborted) this.#data.value = data;
    } catch {
      // The thumbnail stays, without numbers; whoever selects the layer is told why.
    }
  }

  #isRefused({ layer }: Cell): boolean {
    return this.view.layers.value.find((one) => one.layer === layer)?.heads === 0;
  }

  /** Whether it is a head that can be read: some are not in a page. */
  #isThere({ layer, head }: Cell): boolean {
    const found = this.view.layers.value.find((one) => one.layer === layer);
    return found !== undefined && headsIn(found).includes(head);
  }

  #question(): ExactQuestion | null {
    const data = this.#data.value;
    const cell = this.cell.value;
    const [queries, keys] = [this.queries.value, this.keys.value];
    const isNorm = this.view.question.value.measure === "value_norm";
    const scale = isNorm ? this.coarse.value?.scale : 1;
    if (data === null || cell === null || !this.#isThere(cell) || data.layer !== cell.layer) return null;
    if (this.view.width.value === 0 || queries.length === 0 || keys.length === 0) return null;
    if (!data.isWhole || queries.length * keys.length > MOST_PAIRS) return null;
    if (scale === undefined || (isNorm && data.valueNorms === null)) return null;
    const norms = isNorm ? data.valueNorms : null;
    const { across, rail, down } = this.layout.value;
    const size = Math.min(256, Math.max(across - rail, down));
    const { reduce } = this.view.question.value;
    return { data, head: cell.head, queries, keys, size, norms, scale, reduce };
  }
}

function layoutFor({ store, layout }: ModelState): EnlargedLayout {
  const { enlargedWidth: width, beside, viewHeight: height } = layout.value;
  const [queries, keys] = [store.side("query").labels, store.side("key").labels];
  const longest = (labels: readonly string[]) =>
    labels.reduce((most, label) => Math.max(most, spoken(label).length), 0);
  const letters = { longestQuery: longest(queries), longestKey: longest(keys) };
  return enlargedLayout({ width, isBelow: !beside, height, queries: queries.length, ...letters });
}

function selectedCell({ store, layers }: ModelState): Cell | null {
  const { layer, head } = store.selection.value;
  return head === null || !layers.value.some((one) => one.layer === layer) ? null : { layer, head };
}

function positions({ store, question }: ModelState, side: AxisName): readonly number[] {
  const { hide_special, pair_filter } = question.value;
  const settings = { hide_first: false, words: false, hide_special, pair_filter: pair_filter as PairFilter };
  const axis = axisOf(store.side(side), settings, side);
  return axis.entries.filter(({ shown }) => shown).map(({ positions: [at] }) => at);
}
