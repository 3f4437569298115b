import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Box } from "../../store/patches.js";

/** A rectangle in pixels of the widget's own box. */
export interface Anchor {
  left: number;
  right: number;
  top: number;
  bottom: number;
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
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const tip = box.current;
    const frame = tip?.offsetParent;
    if (!tip || !frame) return;
    const wanted = align === "left" ? anchor.left : anchor.right - tip.offsetWidth;
    const left = Math.max(MARGIN, Math.min(wanted, frame.clientWidth - tip.offsetWidth - MARGIN));
    const fits = anchor.bottom + GAP + tip.offsetHeight <= frame.clientHeight;
    const top = fits ? anchor.bottom + GAP : Math.max(0, anchor.top - GAP - tip.offsetHeight);
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  });
  return (
    <div class="tip" role="tooltip" ref={box}>
      {children}
    </div>
  );
}

/** Where an element stands in the box of another. */
export function anchorOf(element: Element, frame: Element): Anchor {
  const { left, top } = frame.getBoundingClientRect();
  return anchorAt(element.getBoundingClientRect(), left, top);
}

/** A rectangle as seen from a point. */
export function anchorAt(box: Box, x: number, y: number): Anchor {
  const [left, top] = [box.left - x, box.top - y];
  return { left, right: left + box.width, top, bottom: top + box.height };
}
