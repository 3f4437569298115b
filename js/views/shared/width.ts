import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Guard } from "./guard.js";

/** Keeps how wide an element is, in whole pixels; of one that is hidden, how wide it was. */
export function useWidth(pane: { current: Element | null }, width: Signal<number>, guard: Guard): void {
  useEffect(() => {
    const measure = guard((entries: ResizeObserverEntry[]) => {
      for (const { contentRect } of entries) width.value = Math.floor(contentRect.width) || width.peek();
    });
    const observer = new ResizeObserver(measure);
    if (pane.current !== null) observer.observe(pane.current);
    return () => observer.disconnect();
  }, [width]);
}
