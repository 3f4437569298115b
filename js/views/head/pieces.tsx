import { useRef } from "preact/hooks";
import type { Patches } from "../../store/patches.js";
import { Label } from "../shared/label.js";
import { useReaction } from "../shared/reaction.js";
import { classes } from "../shared/style.js";
import { useWheel } from "../shared/wheel.js";
import type { SideName } from "./focus.js";
import { optionOf, wordsOf } from "./option.js";
import { MOST_ALPHA } from "./patch_paint.js";
import type { ViewState } from "./state.js";

interface Props {
  view: ViewState;
  side: SideName;
}

/** More tokens than these are for the columns, which draw only those in view. */
const MOST = 400;

/** The tokens that stand for no place on a picture, one after the other as text: what they get is a bar under each. */
export function Pieces({ view, side, patches }: Props & { patches: Patches | null }) {
  const box = useRef<HTMLDivElement>(null);
  useWheel(box, view.guard, (by) => scrolled(box.current, by));
  useReveal(view, side, box);
  const entries = view.axis(side).entries.flatMap((_, entry) => (patches?.boxes[entry].length ? [] : [entry]));
  if (entries.length === 0) return null;
  return (
    <div class="pieces" ref={box}>
      {entries.slice(0, MOST).map((entry) => (
        <Piece key={entry} view={view} side={side} entry={entry} />
      ))}
      {entries.length > MOST && <span class="muted small">and {entries.length - MOST} more, in the columns</span>}
    </div>
  );
}

function Piece({ view, side, entry }: Props & { entry: number }) {
  const { states, props } = optionOf(view, side, entry);
  const option = { ...props, "aria-label": wordsOf(view, side, entry) };
  return (
    <span {...option} class={classes("piece", states)} data-entry={entry}>
      <Label text={view.axis(side).entries[entry].label} />
      <Bar view={view} side={side} entry={entry} />
    </span>
  );
}

function Bar({ view, side, entry }: Props & { entry: number }) {
  const strength = view.pictured.strength(side, entry);
  if (strength === null) return null;
  if (Number.isNaN(strength)) return <i class="piece-bar error" />;
  return <i class="piece-bar" style={{ background: view.pictured.colour, opacity: MOST_ALPHA * strength }} />;
}

/** Keeps what is pinned, or what the keyboard has come to, in sight. */
function useReveal(view: ViewState, side: SideName, box: { current: HTMLDivElement | null }): void {
  useReaction(
    view.guard(() => {
      const entries = [view.pins.value[side], view.active.value[side]];
      for (const entry of entries) {
        const piece = box.current?.querySelector<HTMLElement>(`[data-entry="${entry}"]`);
        if (piece && box.current) show(piece, box.current);
      }
    }),
  );
}

function show(piece: HTMLElement, box: HTMLElement): void {
  const top = piece.offsetTop - box.offsetTop;
  const most = top + piece.offsetHeight - box.clientHeight;
  box.scrollTop = Math.max(most, Math.min(box.scrollTop, top));
}

/** Returns whether there is anything to scroll. */
function scrolled(box: HTMLElement | null, by: number): boolean {
  if (box === null || box.scrollHeight <= box.clientHeight) return false;
  box.scrollTop += by;
  return true;
}
