import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { LayerData } from "../source/layer.js";
import type { Need } from "../source/need.js";
import type { Source } from "../source/source.js";
import { type Axis, type AxisName, axisOf } from "./axis.js";
import { History, type Moment } from "./history.js";
import { Loader, type Wanted } from "./loader.js";
import { type Loading, READY } from "./loading.js";
import { type LayerMeta, layerOfPart, type Meta, type PartMeta, partOf, readMeta, type Side } from "./meta.js";
import { type Selection, START, step } from "./selection.js";
import { DEFAULTS, type Settings } from "./settings.js";
import { fieldsOf, Synced, same, type Traits } from "./synced.js";

/**
 * What all views of one capture have in common. There are two kinds of state, and they are kept apart:
 * what Python sees (selection and settings) lives here; what only the reader's pointer and scrolling do lives in each
 * view (js/views/head/state.ts) and never reaches a trait.
 */
export class Store {
  /** The chosen stack and layer, as the capture describes them. */
  readonly part: ReadonlySignal<PartMeta>;
  readonly layerMeta: ReadonlySignal<LayerMeta>;
  readonly queries: ReadonlySignal<Axis>;
  readonly keys: ReadonlySignal<Axis>;
  /**
   * The heads to draw, and the one in focus: those that were chosen of the layer in `data`. While another layer is
   * pending they are those of before, so that no picture changes twice, or shows heads of one layer in another.
   */
  readonly drawn: ReadonlySignal<Pick<Selection, "heads" | "head">>;
  /** How it comes along, as far as one is told: a short wait for the next layer is none. */
  readonly loading: ReadonlySignal<Loading>;
  readonly history: History;
  /** The scale of the pane in which the reader acts, to which every step then goes; null where there is one pane only. */
  place: Selection["scale"] | null = null;
  readonly #selection: Synced<Selection>;
  readonly #settings: Synced<Settings>;
  readonly #failure = signal("");
  readonly #loader: Loader;
  readonly #wanted: ReadonlySignal<Wanted>;
  readonly #needs = new Set<() => Need>();
  readonly #coming = new Set<Promise<void>>();
  #views = 0;
  #stopLoading: (() => void) | undefined;

  constructor(
    readonly model: Traits,
    readonly source: Source,
    until: AbortSignal,
    readonly meta: Meta = readMeta(model.get("meta")),
  ) {
    this.#selection = new Synced(model, START, until);
    this.#settings = new Synced(model, DEFAULTS, until);
    this.#loader = new Loader(source, () => [...this.#needs].map((need) => need()));
    this.part = computed(() => partOf(this.meta, this.selection.value.part));
    this.layerMeta = computed(() => layerOfPart(this.part.value, this.selection.value.layer));
    // Only what decides which numbers are drawn, so that moving the threshold does not compute them anew.
    const display = fieldsOf(this.settings, "hide_first", "hide_special", "words", "pair_filter");
    this.queries = computed(() => axisOf(this.side("query"), display.value, "query"));
    this.keys = computed(() => axisOf(this.side("key"), display.value, "key"));
    const place = fieldsOf(this.selection, "part", "layer"); // a pinned token does not ask for the layer anew
    this.#wanted = computed(() => wanted(place.value, this.meta));
    this.drawn = fieldsOf(fitting(this.selection, this.data), "heads", "head");
    this.loading = computed(() => {
      const loading = this.#loader.loading.value;
      const isShort = loading.state === "pending" && loading.since === "now";
      return isShort && this.data.value?.part === this.part.value.name ? READY : loading;
    });
    const now = computed(() => ({ selection: this.selection.value, settings: untold(this.#settings.settled.value) }));
    this.history = new History(now, (moment) => this.#restore(moment), until);
    const onError = () => {
      this.#failure.value = String(model.get("error") ?? "");
    };
    onError();
    model.on("change:error", onError);
    until.addEventListener("abort", () => model.off("change:error", onError));
  }

  get selection(): ReadonlySignal<Selection> {
    return this.#selection.value;
  }

  get settings(): ReadonlySignal<Settings> {
    return this.#settings.value;
  }

  /** The tokens of an axis of the chosen part. */
  side(name: AxisName): Side {
    const { query_side, key_side } = this.part.value;
    return this.meta.sides[name === "query" ? query_side : key_side];
  }

  axis(name: AxisName): Axis {
    return name === "query" ? this.queries.value : this.keys.value;
  }

  /** The layer to draw; while another one is pending this is the one before. */
  get data(): ReadonlySignal<LayerData | null> {
    return this.#loader.data;
  }

  /** A failure on Python's side, "" for none. */
  get failure(): ReadonlySignal<string> {
    return this.#failure;
  }

  /** Whether what is drawn is not yet all that is selected: unlike `loading`, from the first moment. */
  get isWaiting(): boolean {
    return this.#loader.loading.peek().state === "pending" || this.#coming.size > 0;
  }

  /** Moves the selection, here and in Python, in one step. */
  select(changes: Partial<Selection>): void {
    const moved = this.place === null ? changes : { scale: this.place, ...changes };
    batch(() => this.#selection.write(step(this.selection.peek(), this.meta, moved)));
  }

  /** Changes settings, here and in Python, in one step. */
  set(changes: Partial<Settings>): void {
    batch(() => this.#settings.write({ ...this.settings.peek(), ...changes }));
  }

  /** By the rules of a step, which Python follows from those fields that differ. */
  #restore({ selection, settings }: Moment): void {
    const now = this.selection.peek();
    const differing = Object.entries(selection).filter(([field, value]) => !same(value, now[field as keyof Selection]));
    batch(() => {
      const moved = this.#selection.assign(step(now, this.meta, Object.fromEntries(differing)));
      const set = this.#settings.assign({ ...this.settings.peek(), ...settings });
      if (moved || set) this.model.save_changes();
    });
  }

  /** Changes settings here only, while a control is being dragged; `set` follows. */
  preview(changes: Partial<Settings>): void {
    this.#settings.preview({ ...this.settings.peek(), ...changes });
  }

  /** Has a layer shown only once what a view needs of it is here; until the returned function is called. */
  addNeed(need: () => Need): () => void {
    this.#needs.add(need);
    return () => this.#needs.delete(need);
  }

  /** A layer with all that is needed to show some of its heads, before it is chosen. */
  bring(part: string, layer: number, heads: readonly number[], signal: AbortSignal): Promise<LayerData> {
    return this.#loader.bring(part, layer, { signal }, heads);
  }

  /** Tells of numbers of the layer that are on their way; what fails is the layer's failure. */
  follow(coming: Promise<void>, ended: AbortSignal): void {
    const end = () => this.#coming.delete(coming);
    this.#coming.add(coming);
    coming.then(end, end);
    ended.addEventListener("abort", end);
    this.#loader.followMore(coming, ended);
  }

  /** Loads layers as long as there is a view; returns what ends it. */
  attach(): () => void {
    this.#views += 1;
    this.#stopLoading ??= this.#loader.follow(this.#wanted);
    return () => {
      this.#views -= 1;
      if (this.#views > 0) return;
      this.#stopLoading?.();
      this.#stopLoading = undefined;
    };
  }
}

/** The last selection of the layer that is there. */
function fitting(selection: Store["selection"], data: Store["data"]): Store["selection"] {
  let last = selection.peek();
  return computed(() => {
    const [now, there] = [selection.value, data.value];
    if (there === null || (there.part === now.part && there.layer === now.layer)) last = now;
    return last;
  });
}

/** A refused layer has no heads, and the reason is known without asking. */
function wanted({ part, layer }: Pick<Selection, "part" | "layer">, meta: Meta): Wanted {
  const { heads, reason } = layerOfPart(partOf(meta, part), layer);
  const { layers } = partOf(meta, part);
  const at = layers.findIndex((one) => one.layer === layer);
  const around = [layers[at + 1], layers[at - 1]].flatMap((one) => (one?.heads > 0 ? [one.layer] : []));
  return { part, layer, refusal: heads === 0 ? reason || `layer ${layer} was refused` : "", around };
}

/** The settings without the theme. */
function untold({ theme: _, ...settings }: Settings): Moment["settings"] {
  return settings;
}
