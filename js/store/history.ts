import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Selection } from "./selection.js";
import type { Settings } from "./settings.js";
import { sameFields } from "./synced.js";

/** All that a step can change; the theme is no step. */
export interface Moment {
  selection: Selection;
  settings: Omit<Settings, "theme">;
}

const MOST = 200;

/**
 * The steps so far, by whomever, to go back and forth among. What changes within one task is one step, and so is what a
 * key changes while it is held.
 */
export class History {
  readonly canUndo: ReadonlySignal<boolean>;
  readonly canRedo: ReadonlySignal<boolean>;
  readonly #moments: Moment[];
  readonly #at = signal(0);
  readonly #count = signal(1);
  /** Whether a key is down, and whether it has made a step by now. */
  #key: "up" | "down" | "stepped" = "up";

  /** @param restore Writes a moment, here and in Python, in one step. */
  constructor(
    private readonly now: ReadonlySignal<Moment>,
    private readonly restore: (moment: Moment) => void,
    until: AbortSignal,
  ) {
    this.#moments = [now.peek()];
    this.canUndo = computed(() => this.#at.value > 0);
    this.canRedo = computed(() => this.#at.value < this.#count.value - 1);
    const stop = effect(() => {
      void now.value;
      queueMicrotask(() => this.#note());
    });
    until.addEventListener("abort", stop);
  }

  undo(): void {
    if (this.canUndo.peek()) this.#go(this.#at.peek() - 1);
  }

  redo(): void {
    if (this.canRedo.peek()) this.#go(this.#at.peek() + 1);
  }

  /** A key goes down. Until `release`, all that it changes is one step. */
  press(): void {
    this.#key = "down";
  }

  release(): void {
    this.#key = "up";
  }

  #go(to: number): void {
    this.#at.value = to;
    this.restore(this.#moments[to]);
  }

  #note(): void {
    const moment = this.now.peek();
    const at = this.#at.peek();
    if (isSame(moment, this.#moments[at])) return;
    this.#moments.splice(this.#key === "stepped" ? at : at + 1, Number.POSITIVE_INFINITY, moment);
    if (this.#key === "down") this.#key = "stepped";
    if (this.#moments.length > MOST) this.#moments.shift();
    this.#count.value = this.#moments.length;
    this.#at.value = this.#moments.length - 1;
  }
}

function isSame(a: Moment, b: Moment): boolean {
  return sameFields(a.selection, b.selection) && sameFields(a.settings, b.settings);
}
