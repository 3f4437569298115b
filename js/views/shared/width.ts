import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Guard } from "./guard.js";

type Watched = { current: Element | null };

/** Tells how large an element is, without its padding, at first and whenever that has changed. */
export function useSize(element: Watched, guard: Guard, tell: (size: DOMRectReadOnly) => void): void {
  useEffect(() => {
    const observer = new ResizeObserver(
      guard((entries: ResizeObserverEntry[]) => {
        for (const { contentRect } of entries) tell(contentRect);
      }),
    );
    if (element.current !== null) observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
}

/** Keeps how wide an element is, in whole pixels; of one that is hidden, how wide it was. */
export function useWidth(element: Watched, width: Signal<number>, guard: Guard): void {
  useSize(element, guard, (size) => {
    width.value = Math.floor(size.width) || width.peek();
  });
}
