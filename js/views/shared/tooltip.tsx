import type { ComponentChildren } from "preact";
import type { Box } from "../../store/patches.js";

/** A rectangle in pixels of the widget's own box, and how large that box is. */
export interface Anchor {
  left: number;
  right: number;
  top: number;
  bottom: number;
  within: { width: number; height: number };
}

/** A word about a control. */
export interface Hint {
  text: string;
  control: Element;
  anchor: Anchor;
}

const MARGIN = 8;
const GAP = 3;

interface Props {
  anchor: Anchor;
  /** Which edge of the anchor it keeps to. */
  align: "left" | "right";
  children: ComponentChildren;
}

/** A tooltip under its anchor, or above it where there is no room; never over it, and always inside the widget. */
export function Tooltip({ anchor, align, children }: Props) {
  return (
    <div class="tips">
      <div class="tip" role="tooltip" style={{ transform: placeOf(anchor, align) }}>
        {children}
      </div>
    </div>
  );
}

/** By the browser's own arithmetic, in which 100% is the tooltip's own size: to measure it would lay out the page once more. */
function placeOf({ left, right, top, bottom, within }: Anchor, align: Props["align"]): string {
  const wanted = align === "left" ? `${left}px` : `${right}px - 100%`;
  const across = `max(${MARGIN}px, min(${wanted}, ${within.width - MARGIN}px - 100%))`;
  const below = bottom + GAP;
  const lacking = `max(0px, 100% - ${within.height - below}px)`;
  const down = `max(0px, ${below}px - min(9999 * ${lacking}, ${below - top + GAP}px + 100%))`;
  return `translate(${across}, ${down})`;
}

/** A rectangle of the window in the box of an element. */
export function anchorIn(box: Box, frame: Element): Anchor {
  const { left, top } = frame.getBoundingClientRect();
  const within = { width: frame.clientWidth, height: frame.clientHeight };
  return placed({ left: -left, right: 0, top: -top, bottom: 0, within }, box);
}

/** A rectangle that is told from the corner of an anchor. */
export function placed(ground: Anchor, box: Box): Anchor {
  const [left, top] = [ground.left + box.left, ground.top + box.top];
  return { ...ground, left, right: left + box.width, top, bottom: top + box.height };
}
