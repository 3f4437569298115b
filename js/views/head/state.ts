import { computed, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals";
import type { Axis } from "../../store/axis.js";
import type { LayerMeta, PartMeta } from "../../store/meta.js";
import { type Measure, Picture } from "../../store/picture.js";
import type { Store } from "../../store/store.js";
import type { FrameState } from "../shared/frame_state.js";
import type { Guard } from "../shared/guard.js";
import type { Look } from "../shared/theme.js";
import { focusOf, opposite, type Pins, type Place, partnerOf, pinnedPlace, type SideName } from "./focus.js";
import { type Layout, layoutOf, ROW, rowsInView, type Span, topShowing } from "./layout.js";
import { MapState } from "./map/state.js";
import { Pictured } from "./pictured.js";

export type Hover = Place & { by: "pointer" | "keyboard" | "pane" };

/**
 * One head view on the page. Two kinds of state, kept apart:
 * - local, below: where the pointer is, what is scrolled to, how wide the cell is. Python never sees it, and two views
 *   of one capture do not share it;
 * - synced, in the store: the selection and the settings.
 * All else is derived from the two.
 */
export class ViewState {
  /** The token under the pointer, or that the keyboard has come to; by "pane" where another pane's row stands for it. */
  readonly hover = signal<Hover | null>(null);
  /** The same, of a pointer only once it rests: what takes time to draw follows this. */
  readonly rest = signal<Hover | null>(null);
  /** The same once more, a frame after the tooltip: what the neurons follow. */
  readonly stay = signal<Hover | null>(null);
  /** The entry in each column that the keyboard goes on from. */
  readonly active = signal({ query: 0, key: 0 });
  /** The head whose chip is under the pointer. */
  readonly chip = signal<number | null>(null);
  /** Pixels scrolled, of the longer column. */
  readonly top = signal(0);
  /** How much further the keys are scrolled, so that two tokens that are far apart stand level. */
  readonly apart = signal(0);
  /** Of the pane without its padding, in pixels; 0 until it has been measured. */
  readonly width = signal(0);
  readonly look: Signal<Look>;
  /** Share of the weight that drawn lines hold, as of the last frame. */
  readonly share = signal(Number.NaN);
  readonly guard: Guard;
  readonly part: ReadonlySignal<PartMeta>;
  readonly layerMeta: ReadonlySignal<LayerMeta>;
  readonly queries: ReadonlySignal<Axis>;
  readonly keys: ReadonlySignal<Axis>;
  /** Null until a layer is there. */
  readonly picture: ReadonlySignal<Picture | null>;
  /** The heads drawn, as far as the layer in the picture has them. */
  readonly heads: ReadonlySignal<readonly number[]>;
  readonly layout: ReadonlySignal<Layout>;
  readonly pins: ReadonlySignal<Pins>;
  readonly focus: ReadonlySignal<Place | null>;
  /** The entry that the pointer pairs with the focus. */
  readonly partner: ReadonlySignal<number | null>;
  readonly pictured: Pictured;
  readonly map: MapState;

  #isLeaving = false;
  readonly #measure: ReadonlySignal<Measure>;
  readonly #rows: Record<SideName, { first: ReadonlySignal<number>; last: ReadonlySignal<number> }>;

  constructor(
    readonly store: Store,
    readonly frame: FrameState,
  ) {
    ({ look: this.look, guard: this.guard } = frame);
    ({ part: this.part, layerMeta: this.layerMeta, queries: this.queries, keys: this.keys } = store);
    this.#measure = computed(() => store.settings.value.measure);
    this.picture = computed(() => this.#picture());
    this.heads = computed(() => this.#drawnHeads());
    const count = computed(() => this.layerMeta.value.heads); // another layer with as many moves, and renders, nothing
    this.layout = computed(() => layoutOf(this.width.value, count.value, this.rowCount));
    this.pins = computed(() => this.#pins());
    this.focus = computed(() => this.#shownOnly(focusOf(this.hover.value, this.pins.value)));
    this.partner = computed(() => partnerOf(this.hover.value, this.focus.value));
    this.pictured = new Pictured(this);
    this.map = new MapState(this);
    this.#rows = { query: this.#rowsOf("query"), key: this.#rowsOf("key") };
  }

  /** Whether tokens stand in columns, line by line. */
  get hasRows(): boolean {
    return !this.map.isOn.value && !this.pictured.isOn.value;
  }

  /** Rows of the longer column. */
  get rowCount(): number {
    return Math.max(this.queries.value.entries.length, this.keys.value.entries.length);
  }

  /** Whose lines are left when the pointer has gone. */
  get pinned(): Place | null {
    return this.#shownOnly(pinnedPlace(this.pins.value));
  }

  axis(side: SideName): Axis {
    return this.store.axis(side);
  }

  /** The entries of a side that are in view, those that are cut off included. */
  inView(side: SideName): Span {
    return { first: this.#rows[side].first.value, last: this.#rows[side].last.value };
  }

  /** How many entries a key goes that goes a page. */
  pageOf(side: SideName): number {
    const { first, last } = this.inView(side);
    return Math.max(1, last - first - 2);
  }

  /** Weight of the head in focus between the focus and an entry of the other side; null where none is to be shown. */
  weightAt(side: SideName, entry: number): number | null {
    const focus = this.focus.value;
    if (focus === null || focus.side === side) return null; // read no more: what was not read renders nothing anew
    const { head } = this.store.drawn.value;
    const picture = this.picture.value;
    if (picture === null || head === null) return null;
    const [query, key] = side === "key" ? [focus.entry, entry] : [entry, focus.entry];
    if (!picture.isHere(head, query)) return null;
    if (head >= picture.layer.heads || !picture.connects(query, key)) return null;
    return picture.row(head, query).weights[key];
  }

  /** What the numbers are, in words. */
  get measured(): string {
    return this.picture.value?.measure === "value_norm" ? "weight × norm" : "weight";
  }

  /** Whether the mask hides an entry from the focus. */
  isMasked(side: SideName, entry: number): boolean {
    const focus = this.focus.value;
    if (focus === null || focus.side !== opposite(side)) return false;
    const picture = this.picture.value;
    if (picture === null) return false;
    return side === "key" ? !picture.sees(focus.entry, entry) : !picture.sees(entry, focus.entry);
  }

  /** Whether a query's row holds NaN, in a layer that is known to hold some. */
  isBroken(side: SideName, entry: number): boolean {
    if (side === "key" || this.layerMeta.value.nonfinite === "") return false;
    const picture = this.picture.value;
    if (picture === null) return false;
    const isBroken = (head: number) => picture.row(head, entry).weights.some(Number.isNaN);
    return this.heads.value.some((head) => picture.isHere(head, entry) && isBroken(head));
  }

  /** Pixels that a side is scrolled: the shorter one stays at its end, so that a sentence stands beside a recording. */
  topOf(side: SideName): number {
    const top = this.top.value + (side === "key" ? this.apart.value : 0);
    return Math.max(0, Math.min(top, this.axis(side).entries.length * ROW - this.layout.value.height));
  }

  /** Scrolls as little as needed to show an entry. */
  reveal({ side, entry }: Place): void {
    untracked(() => {
      const top = this.topOf(side);
      const wanted = topShowing(entry, top, this.layout.value.height, this.axis(side).entries.length);
      if (wanted !== top) this.top.value = wanted;
    });
  }

  /** Shows a query and a key side by side, however far apart they are. */
  level({ query, key }: Record<SideName, number>): void {
    this.apart.value = 0;
    this.reveal({ side: "query", entry: query });
    const { height } = this.layout.peek();
    const isSeen = key * ROW >= this.topOf("key") && (key + 1) * ROW <= this.topOf("key") + height;
    if (!isSeen) this.apart.value = (key - query) * ROW;
  }

  /** Returns whether there is anything to scroll. */
  scrollBy(pixels: number): boolean {
    this.scrollTo(this.top.peek() + pixels);
    return this.layout.peek().scrolls;
  }

  scrollTo(top: number): void {
    const most = Math.max(0, this.rowCount * ROW - this.layout.peek().height);
    this.top.value = Math.min(most, Math.max(0, top));
  }

  /** Stays with the tokens that one was at while entries merge into words or part again. */
  stayWith(before: Record<SideName, Axis>, now: Record<SideName, Axis>): void {
    const moved = (side: SideName, entry: number) => {
      const position = before[side].entries[entry]?.positions[0] ?? 0;
      return now[side].entryOf[position] ?? 0;
    };
    const top = this.top.peek();
    const longer = before.query.entries.length < before.key.entries.length ? "key" : "query";
    this.scrollTo(moved(longer, Math.floor(top / ROW)) * ROW + (top % ROW));
    const { query, key } = this.active.peek();
    this.active.value = { query: moved("query", query), key: moved("key", key) };
    const hover = this.hover.peek();
    if (hover !== null) this.hover.value = { ...hover, entry: moved(hover.side, hover.entry) };
    this.settle(); // entries have other numbers now
  }

  /** Takes the pointer for resting where it is. */
  settle(): void {
    this.letGo();
    this.rest.value = this.hover.peek();
    this.stay.value = this.hover.peek();
  }

  /** The pointer has come to a token, or moves on it. */
  pointAt(place: Place): void {
    this.#isLeaving = false;
    const now = this.hover.peek();
    if (now?.by === "pointer" && now.side === place.side && now.entry === place.entry) return;
    this.hover.value = { ...place, by: "pointer" };
  }

  /** Lets go of whatever the pointer was over, unless it has come to another token by then: all rows would change twice. */
  leave(): void {
    this.#isLeaving = true;
    setTimeout(this.guard(() => this.letGo()));
  }

  /** Does at once what `leave` has put off. */
  letGo(): void {
    if (this.#isLeaving && this.hover.peek()?.by === "pointer") this.hover.value = null;
    this.#isLeaving = false;
  }

  #picture(): Picture | null {
    const data = this.store.data.value;
    const fits = data !== null && data.part === this.part.value.name;
    return fits ? new Picture(data, this.queries.value, this.keys.value, this.#measure.value) : null;
  }

  #drawnHeads(): readonly number[] {
    const count = this.picture.value?.layer.heads ?? this.layerMeta.value.heads;
    return this.store.drawn.value.heads.filter((head) => head < count);
  }

  #pins(): Pins {
    const { query, key } = this.store.selection.value;
    return {
      query: query === null ? null : this.queries.value.entryOf[query],
      key: key === null ? null : this.keys.value.entryOf[key],
    };
  }

  #shownOnly(place: Place | null): Place | null {
    return place !== null && this.axis(place.side).entries[place.entry]?.shown ? place : null;
  }

  /** As two numbers and not as one span, so that nothing renders while a scroll stays within a row. */
  #rowsOf(side: SideName) {
    const rows = () => rowsInView(this.topOf(side), this.layout.value.height, this.axis(side).entries.length);
    return { first: computed(() => rows().first), last: computed(() => rows().last) };
  }
}
