import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { onFrame } from "./frame.js";
import type { Guard } from "./guard.js";
import { watchPixelRatio } from "./pixel_ratio.js";

interface Drawing {
  guard: Guard;
  /** Reads every signal that the drawing depends on. */
  scene(): unknown;
  /** Draws it; false if there is more to do in the next frame. */
  draw(canvas: HTMLCanvasElement): boolean;
}

/** Keeps a canvas drawn: in the next frame, whenever something in its scene or the size of device pixels has changed. */
export function useDrawing(
  canvas: { current: HTMLCanvasElement | null },
  { guard, scene, draw }: Drawing,
  inputs: readonly unknown[],
): void {
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const ending = new AbortController();
    const ask = onFrame(
      guard(() => {
        if (!draw(element)) ask();
      }),
      ending.signal,
    );
    const follow = guard(() => {
      void scene();
      ask();
    });
    const stop = effect(() => follow());
    watchPixelRatio(ask, ending.signal);
    return () => {
      stop();
      ending.abort();
      element.width = 0; // gives its memory back at once
    };
  }, inputs);
}
