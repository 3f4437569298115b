import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { LayerData, Vectors } from "../../source/layer.js";
import type { Need } from "../../source/need.js";
import type { Axis } from "../../store/axis.js";
import { range } from "../../store/selection.js";
import type { Settings } from "../../store/settings.js";
import type { Store } from "../../store/store.js";
import { fieldsOf } from "../../store/synced.js";
import type { SideName } from "../head/focus.js";
import type { ViewState } from "../head/state.js";
import type { FrameState } from "../shared/frame_state.js";
import { type Alike, alikeOf } from "./alike.js";
import { type Columns, type Contents, columnsOf, type NumberName } from "./columns.js";
import { type Decay, decayOf, falling } from "./decay.js";
import { EXTENT_OF_Q, extentOf } from "./extent.js";
import { arrange, strengthOf, strongest } from "./ordering.js";
import { LABEL } from "./spread.js";
import { Terms } from "./terms.js";

/** Whose strips a pointer, or the keyboard, is on. */
export interface Pointed {
  where: "q" | "first" | "products";
  neuron: number;
  by: "pointer" | "keyboard";
}

const MARKED = 5;
const SCROLL_BAR = 14;

/** A layer that can be taken apart, and the head in focus. */
interface Subject {
  layer: LayerData;
  vectors: Vectors;
  head: number;
}

/**
 * One neuron view on the page. Its rows are the head view's key entries; what the pointer is over, and how wide the pane
 * is, stays here. While no query is chosen it shows the query vectors of all tokens instead: its rows are then queries.
 */
export class NeuronState {
  /** Of the pane in pixels, 0 until it has been measured. */
  readonly width = signal(0);
  /** Whether no head view stands beside it whose tokens name the rows. */
  readonly withTokens = signal(false);
  readonly pointed = signal<Pointed | null>(null);
  /** Where the keyboard goes on from: a neuron's place from the left, and an entry. */
  readonly active = signal({ slot: 0, entry: 0 });
  readonly subject: ReadonlySignal<Subject | null>;
  /** Position of the query whose row it is; null while none is chosen. */
  readonly query: ReadonlySignal<number | null>;
  readonly terms: ReadonlySignal<Terms | null>;
  /** Which vectors the first column shows. */
  readonly strip: ReadonlySignal<Settings["strip"]>;
  readonly columns: ReadonlySignal<Columns>;
  /** The entry that the words are about: pointed at, else pinned, else that of the largest weight. */
  readonly told: ReadonlySignal<number | null>;
  /** Position of the key that neurons are ordered by; null for all keys. */
  readonly orderKey: ReadonlySignal<number | null>;
  /** How much each neuron does. */
  readonly strength: ReadonlySignal<Float64Array>;
  /** Neurons from left to right. */
  readonly slots: ReadonlySignal<Int32Array>;
  readonly decay: ReadonlySignal<Decay | null>;
  readonly marked: ReadonlySignal<readonly number[]>;
  readonly alike: ReadonlySignal<Alike | null>;
  /** Least and largest dot product of the keys seen, with 0 among them. */
  readonly dotScale: ReadonlySignal<{ least: number; most: number }>;
  /** Ends of the scales of colours. */
  readonly extents: { q: ReadonlySignal<number>; first: ReadonlySignal<number>; products: ReadonlySignal<number> };

  constructor(
    readonly store: Store,
    readonly frame: FrameState,
    /** Whose key column is the row axis of the neurons. */
    readonly head: ViewState,
  ) {
    const { settings, drawn } = store;
    const layer = computed(() => head.picture.value?.layer ?? null);
    const focused = computed(() => drawn.value.head);
    const order = computed(() => settings.value.order);
    this.query = computed(() => this.#query());
    const known = computed(() => subjectOf(layer.value, focused.value));
    const isRead = computed(() => known.value?.layer.isHere({ ...this.need, norms: false }) ?? false);
    this.subject = computed(() => (isRead.value ? known.value : null));
    this.terms = computed(() => this.#terms());
    this.strip = computed(() => this.#strip());
    const contents = computed(() => this.#contents());
    const held = fieldsOf(contents, "width", "withTokens", "first", "products", "numbers"); // not of every head anew
    this.columns = computed(() => columnsOf(held.value));
    const heaviest = computed(() => this.#heaviest());
    this.told = computed(() => {
      const hover = head.stay.value;
      const isHere = hover?.side === this.side && hover.entry < this.axis.entries.length; // it may be on one that is gone
      return isHere ? hover.entry : (head.pins.value[this.side] ?? heaviest.value);
    });
    this.orderKey = computed(() => this.#orderKey());
    this.strength = computed(() => this.#strength(order.value));
    this.slots = computed(() => {
      const most = this.columns.value.products?.count ?? this.columns.value.first?.count ?? 0;
      return arrange(
        this.terms.value === null ? "position" : order.value,
        this.strength.value,
        most,
        this.#pinned.value,
      );
    });
    this.decay = computed(() => (this.terms.value === null ? null : decayOf(this.terms.value)));
    this.marked = computed(() => this.#marked(settings.value.mark));
    this.alike = computed(() => this.#alike());
    this.dotScale = computed(() => scaleOfDots(this.terms.value));
    this.extents = {
      q: computed(() => extentOf(1, () => this.terms.value?.q ?? [], EXTENT_OF_Q)),
      first: computed(() => this.#firstExtent()),
      products: computed(() => this.#productsExtent()),
    };
  }

  readonly #pinned = computed(() => this.store.selection.value.neuron);

  /** What is read of a layer: the row of a query, or all queries while none is chosen. */
  get need(): Need {
    const heads = [this.store.drawn.value.head ?? 0];
    const query = this.query.value;
    if (query === null) return { heads, all: ["query", "key"] };
    const isOfValues = this.store.settings.value.strip === "value";
    return { heads, rows: [query], all: isOfValues ? ["value"] : [], norms: isOfValues };
  }

  /** Which side's entries the rows are. */
  get side(): SideName {
    return this.terms.value === null ? "query" : "key";
  }

  get axis(): Axis {
    return this.head.axis(this.side);
  }

  /** Whether queries and keys are the same tokens, so that one can speak of distance. */
  get sameTokens(): boolean {
    const { query_side, key_side } = this.head.part.value;
    return query_side === key_side;
  }

  /** The token of an entry whose vectors are shown: of a merged word the pinned sub-word, else the first. */
  position(side: SideName, entry: number): number {
    const positions = this.head.axis(side).entries[entry]?.positions ?? [0]; // the pointer may be on one that is gone
    const pinned = this.store.selection.value[side];
    return pinned !== null && positions.includes(pinned) ? pinned : positions[0];
  }

  /** What the products column draws of a key, by neuron. */
  drawn(key: number): Float64Array {
    const terms = this.terms.value;
    const order = this.store.settings.value.order === "contrast" ? "contrast" : "contribution";
    return terms === null ? new Float64Array(0) : strengthOf(terms, order, key);
  }

  /** A token's vector in the first column. */
  vector(position: number): Float32Array {
    const { vectors, head } = this.subject.value as Subject;
    return vectors[this.strip.value](head, position);
  }

  /** Norm of a key's value as it enters the layer's output, null where it is not known. */
  valueNorm(key: number): number | null {
    const subject = this.subject.value;
    const norms = subject?.layer.valueNorms ?? null;
    return subject === null || norms === null ? null : norms[subject.head * subject.layer.keys + key];
  }

  #query(): number | null {
    const hover = this.head.stay.value;
    const isPreview = hover?.side === "query" && hover.by !== "pane";
    return isPreview ? this.position("query", hover.entry) : this.store.selection.value.query;
  }

  #terms(): Terms | null {
    const { value: subject } = this.subject;
    const { value: query } = this.query;
    return subject === null || query === null ? null : new Terms(subject.layer, subject.vectors, subject.head, query);
  }

  #strip(): Settings["strip"] {
    const { strip } = this.store.settings.value;
    if (this.terms.value === null) return "query";
    return strip === "query" && !this.sameTokens ? "key" : strip;
  }

  #contents(): Contents {
    const vectors = this.subject.value?.vectors;
    const products = this.terms.value === null ? 0 : (vectors?.d ?? 0);
    const first = this.strip.value === "value" ? (vectors?.dv ?? 0) : (vectors?.d ?? 0);
    const withTokens = this.withTokens.value;
    const scrollBar = withTokens && this.head.layout.value.scrolls ? SCROLL_BAR : 0;
    return { width: this.width.value - scrollBar, withTokens, first, products, numbers: this.#numbers() };
  }

  #numbers(): NumberName[] {
    const terms = this.terms.value;
    if (terms === null) return ["cosine"];
    const hasNorms = this.subject.value?.layer.valueNorms != null;
    const wanted: [NumberName, boolean][] = [
      ["dot", true],
      ["capped", terms.cap !== null],
      ["bias", terms.bias !== null],
      ["softmax", true],
      ["norm", hasNorms && this.strip.value === "value"],
      ["measure", hasNorms && this.store.settings.value.measure === "value_norm"],
    ];
    return wanted.flatMap(([name, isThere]) => (isThere ? [name] : []));
  }

  /** Pointing at the neurons themselves must not move them. */
  #orderKey(): number | null {
    const hover = this.head.stay.value;
    const { key } = this.store.selection.value;
    if (key !== null) return key;
    return hover?.side === "key" && hover.by !== "pane" ? this.position("key", hover.entry) : null;
  }

  #strength(order: Settings["order"]): Float64Array {
    const terms = this.terms.value;
    if (terms !== null) return strengthOf(terms, order, this.orderKey.value);
    const subject = this.subject.value;
    return subject === null ? new Float64Array(0) : meanSizeOfQueries(subject);
  }

  #marked(mark: Settings["mark"]): readonly number[] {
    if (this.terms.value === null || mark === "none") return [];
    const count = Math.min(MARKED, Math.floor((this.columns.value.products?.width ?? 0) / LABEL));
    if (mark === "key") return Array.from(strongest(this.slots.value, this.strength.value, count, null));
    const decay = this.sameTokens ? this.decay.value : null;
    return decay === null ? [] : falling(decay, count).filter((neuron) => this.slots.value.includes(neuron));
  }

  #alike(): Alike | null {
    const subject = this.subject.value;
    return subject === null ? null : alikeOf(subject.vectors, subject.head, subject.layer.queries);
  }

  #firstExtent(): number {
    const subject = this.subject.value;
    const strip = this.strip.value;
    if (subject === null) return 0;
    const { layer, vectors, head } = subject;
    return extentOf(strip === "query" ? layer.queries : layer.keys, (at) => vectors[strip](head, at));
  }

  #productsExtent(): number {
    const terms = this.terms.value;
    if (terms === null) return 0;
    const keys = range(terms.seen.length).filter((key) => terms.seen[key] === 1);
    return extentOf(keys.length, (at) => this.drawn(keys[at]));
  }

  #heaviest(): number | null {
    const terms = this.terms.value;
    if (terms === null) return null;
    const { length } = this.axis.entries;
    const weight = this.axis.plain
      ? (entry: number) => terms.shown[entry]
      : (entry: number) => terms.shown[this.position("key", entry)];
    let best = 0;
    for (let entry = 1; entry < length; entry++) if (weight(entry) > weight(best)) best = entry;
    return length > 0 ? best : null;
  }
}

function subjectOf(layer: LayerData | null, head: number | null): Subject | null {
  const vectors = layer?.vectors ?? null;
  return layer === null || vectors === null || head === null || head >= layer.heads ? null : { layer, vectors, head };
}

/** Rows of the keys seen, from the first to the last of them. */
export function rowsSeen(view: NeuronState): { first: number; last: number } {
  const terms = view.terms.value;
  const { entries, entryOf } = view.axis;
  if (terms === null) return { first: 0, last: entries.length - 1 };
  return { first: entryOf[Math.max(0, terms.seen.indexOf(1))], last: entryOf[Math.max(0, terms.seen.lastIndexOf(1))] };
}

function scaleOfDots(terms: Terms | null): { least: number; most: number } {
  let [least, most] = [0, 0];
  terms?.dot.forEach((dot, key) => {
    if (terms.seen[key] === 1) [least, most] = [Math.min(least, dot), Math.max(most, dot)];
  });
  return { least, most };
}

function meanSizeOfQueries({ layer, vectors, head }: Subject): Float64Array {
  const sizes = new Float64Array(vectors.d);
  for (const query of range(layer.queries)) {
    vectors.query(head, query).forEach((value, neuron) => {
      sizes[neuron] += Math.abs(value);
    });
  }
  return sizes;
}
