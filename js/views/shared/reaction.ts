import { effect } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";

/**
 * Runs a function whenever a signal that it reads changes, at once. (`useSignalEffect` waits for the next frame: by then
 * the canvas has been drawn, and other components have rendered, without it.) The function of the first render stays;
 * what it returns runs before the next time, and at the end.
 */
export function useReaction(run: (() => void) | (() => () => void)): void {
  useLayoutEffect(() => effect(() => run()), []);
}
