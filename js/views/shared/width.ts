import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Guard } from "./guard.js";

/** Keeps how wide a pane is, in whole pixels. */
export function useWidth(pane: { current: Element | null }, width: Signal<number>, guard: Guard): void {
  useEffect(() => {
    const measure = guard((entries: ResizeObserverEntry[]) => {
      for (const entry of entries) width.value = Math.floor(entry.contentRect.width);
    });
    const observer = new ResizeObserver(measure);
    if (pane.current !== null) observer.observe(pane.current);
    return () => observer.disconnect();
  }, [width]);
}
