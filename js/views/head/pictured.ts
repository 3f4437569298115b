import { computed, type ReadonlySignal } from "@preact/signals";
import { type Patches, patchesOf } from "../../store/patches.js";
import { headColour } from "../shared/palette.js";
import { cssColour, weightRamp } from "../shared/ramps.js";
import type { SideName } from "./focus.js";
import { type Heat, heatOf, strengthAt } from "./heat.js";
import { type Loaded, loadImage } from "./image.js";
import type { ViewState } from "./state.js";

/** The tokens of a head view as patches of a picture, where they are. */
export class Pictured {
  readonly patches: Record<SideName, ReadonlySignal<Patches | null>>;
  readonly images: Record<SideName, ReadonlySignal<Loaded>>;
  /** Whether there is a picture on either side. */
  readonly isThere: ReadonlySignal<boolean>;
  /** Whether it is drawn, and not columns. */
  readonly isOn: ReadonlySignal<boolean>;
  /** What is laid over the side that is not in focus. */
  readonly heat: ReadonlySignal<Heat | null>;

  constructor(private readonly view: ViewState) {
    const { store } = view;
    const patches = (side: SideName) => computed(() => patchesOf(store.side(side), store.axis(side)));
    this.patches = { query: patches("query"), key: patches("key") };
    this.images = { query: this.#image("query"), key: this.#image("key") };
    this.isThere = computed(() => this.patches.query.value !== null || this.patches.key.value !== null);
    const isWanted = computed(() => store.settings.value.patches === "picture");
    this.isOn = computed(() => this.isThere.value && isWanted.value);
    const isOwn = computed(() => store.settings.value.intensity === "head");
    this.heat = computed(() => this.#heat(isOwn.value));
  }

  /** One head has its own colour, several that of the grid. */
  get colour(): string {
    const { theme } = this.view.look.value;
    const heads = this.heat.value?.heads ?? [];
    return heads.length === 1 ? headColour(heads[0], theme) : cssColour(weightRamp(theme, "000000")[255]);
  }

  /** How strong the colour over an entry is, 0 to 1; NaN for what is no number, null where there is nothing to colour. */
  strength(side: SideName, entry: number): number | null {
    const heat = this.heat.value;
    const isSeen = this.view.axis(side).entries[entry].shown && !this.view.isMasked(side, entry);
    return heat?.side === side && isSeen ? strengthAt(heat, entry) : null;
  }

  /** Read once, however often entries merge and part. */
  #image(side: SideName): ReadonlySignal<Loaded> {
    const src = computed(() => this.patches[side].value?.src ?? null);
    const loaded = computed(() => loadImage(src.value));
    return computed(() => loaded.value.value);
  }

  #heat(isOwn: boolean): Heat | null {
    const { picture, focus, heads, chip } = this.view;
    if (!this.isOn.value || picture.value === null || focus.value === null) return null;
    const only = chip.value !== null && heads.value.includes(chip.value) ? [chip.value] : heads.value;
    const patches = this.patches[focus.value.side === "query" ? "key" : "query"].value;
    const isPatch = (entry: number) => (patches?.boxes[entry].length ?? 0) > 0;
    return heatOf(picture.value, only, focus.value, isPatch, isOwn);
  }
}
