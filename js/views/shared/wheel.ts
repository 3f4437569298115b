import { useEffect } from "preact/hooks";
import type { Guard } from "./guard.js";

/**
 * The wheel scrolls the notebook; with a modifier held it scrolls what is in an element.
 *
 * @param scroll Scrolls by some pixels; returns false where there is nothing to scroll to.
 */
export function useWheel(
  element: { current: HTMLElement | null },
  guard: Guard,
  scroll: (by: number, event: WheelEvent) => boolean,
): void {
  useEffect(() => {
    const ending = new AbortController();
    const onWheel = guard((event: WheelEvent) => {
      const isMeant = event.shiftKey || event.ctrlKey || event.altKey || event.metaKey;
      const delta = event.deltaY || event.deltaX; // some browsers turn the wheel sideways while Shift is held
      const by = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? delta * LINE : delta;
      if (!isMeant || !scroll(by, event)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    element.current?.addEventListener("wheel", onWheel, { passive: false, signal: ending.signal });
    return () => ending.abort();
  }, [guard]);
}

/** Pixels of a line, where a wheel turns in lines. */
const LINE = 20;
