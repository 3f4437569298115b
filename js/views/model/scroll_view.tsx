import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useReaction } from "../shared/reaction.js";
import { px } from "../shared/style.js";
import { useWheel } from "../shared/wheel.js";
import { rowAt, TOP } from "./layout.js";
import type { ModelState } from "./state.js";

type Box = { current: HTMLDivElement | null };

/**
 * Shows a part of the grid where it is larger than its place. It does not scroll by itself, or it would catch the
 * notebook's wheel: bars beside it do, and the wheel with a modifier held.
 */
export function ScrollView({ view, children }: { view: ModelState; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const { width, height, viewWidth, viewHeight } = view.layout.value;
  const bars = [useRef<HTMLDivElement>(null), useRef<HTMLDivElement>(null)];
  useWheel(box, view.guard, (by, { altKey }) => scrollBy(view, box, by, altKey));
  useReveal(view, box);
  const follow = view.guard(() => {
    const at = box.current;
    if (at === null) return;
    at.style.setProperty("--x", `${at.scrollLeft}px`);
    at.style.setProperty("--y", `${at.scrollTop}px`);
    if (bars[0].current) bars[0].current.scrollTop = at.scrollTop;
    if (bars[1].current) bars[1].current.scrollLeft = at.scrollLeft;
  });
  const lead = view.guard((event: Event & { currentTarget: HTMLElement }) => {
    const at = box.current;
    if (at === null) return;
    if (event.currentTarget === bars[0].current) at.scrollTop = event.currentTarget.scrollTop;
    else at.scrollLeft = event.currentTarget.scrollLeft;
  });
  return (
    <div class="scroll-view">
      <div class="scrolled" ref={box} style={{ width: px(viewWidth), height: px(viewHeight) }} onScroll={follow}>
        {children}
      </div>
      {height > viewHeight && (
        <div class="grid-bar down" ref={bars[0]} style={{ height: px(viewHeight) }} onScroll={lead} aria-hidden="true">
          <div style={{ height: px(height) }} />
        </div>
      )}
      {width > viewWidth && (
        <div class="grid-bar across" ref={bars[1]} style={{ width: px(viewWidth) }} onScroll={lead} aria-hidden="true">
          <div style={{ width: px(width) }} />
        </div>
      )}
    </div>
  );
}

/** Sideways with Alt held, or where there is no other way. */
function scrollBy(view: ModelState, box: Box, by: number, isAlt: boolean): boolean {
  const { width, height, viewWidth, viewHeight } = view.layout.peek();
  const isLarger = { down: height > viewHeight, across: width > viewWidth };
  const isAcross = isLarger.across && (isAlt || !isLarger.down);
  box.current?.scrollBy(isAcross ? { left: by } : { top: by });
  return isLarger.down || isLarger.across;
}

/** Brings a newly selected head into view, whoever selected it. */
function useReveal(view: ModelState, box: Box): void {
  const reveal = view.guard(() => {
    const { layer, head } = view.store.selection.value;
    const layout = view.layout.value;
    const index = view.layers.value.findIndex((one) => one.layer === layer);
    if (box.current === null || index < 0) return;
    const heads = view.heads.value;
    const { left, top } = rowAt(layout, index, heads.length);
    const x = left + layout.label + Math.max(0, heads.indexOf(head ?? -1)) * layout.cell;
    box.current.scrollTop = nearest(box.current.scrollTop, top - TOP, top + layout.cell - layout.viewHeight);
    box.current.scrollLeft = nearest(box.current.scrollLeft, x - layout.label, x + layout.cell - layout.viewWidth);
  });
  useReaction(reveal);
}

/** The scroll position nearest to `now` that is at most `most` and at least `least`. */
function nearest(now: number, most: number, least: number): number {
  return Math.max(0, least, Math.min(now, most));
}
