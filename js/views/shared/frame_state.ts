import { type Signal, signal } from "@preact/signals";
import type { Scale } from "../../store/selection.js";
import { type Guard, guardInto } from "./guard.js";
import type { Look } from "./theme.js";
import type { Anchor, Hint } from "./tooltip.js";

/** Which view a widget is; the trait of the same name in Python. */
export type Kind = "model" | "head" | "neuron" | "explorer";

/** What all panes of one widget on the page have in common, and Python never sees. */
export class FrameState {
  readonly look: Signal<Look> = signal({ theme: "light", host: "other", asHost: true });
  readonly helpOpen = signal(false);
  /** About the control under the pointer. */
  readonly hint = signal<Hint | null>(null);
  /** Where the parts of the widget stand by which tooltips do, by their names in `data-ground`: as of the last event there. */
  readonly grounds = new Map<string, Anchor>();
  /** What one of our own functions threw. */
  readonly fault = signal<Error | null>(null);
  readonly guard: Guard = guardInto(this.fault);

  /** Python lines that could not be put on the clipboard, null for none. */
  readonly code = signal<string | null>(null);
  /** What was last said of a deed that shows nowhere else, such as "Copied". */
  readonly said = signal("");
  /** Moves the keyboard to the pane of a scale; does nothing where there is one pane only. */
  focusPane: (scale: Scale) => void = () => {};
  /** The element that holds all of the view; null until it is on the page. */
  root: () => HTMLElement | null = () => null;

  constructor(readonly kind: Kind) {}

  /** Whether the widget is one pane, whose title then says what else the bar on top of the explorer says. */
  get isAlone(): boolean {
    return this.kind !== "explorer";
  }

  /** Makes the root of a pane a region of its own, where the widget is more than that. */
  region(name: string): { role?: "region"; "aria-label"?: string } {
    return this.isAlone ? {} : { role: "region", "aria-label": name };
  }
}
