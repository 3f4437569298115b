import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { prepare } from "../head/paint.js";
import { onFrame } from "../shared/frame.js";
import { zeroAt } from "../shared/ground.js";
import { watchPixelRatio } from "../shared/pixel_ratio.js";
import { type Ramp, signRamp } from "../shared/ramps.js";
import type { NeuronState } from "./state.js";

interface Props<Scene> {
  view: NeuronState;
  label: string;
  /** Size in CSS pixels. */
  width: number;
  height: number;
  /** Reads every signal that the drawing depends on. */
  scene(view: NeuronState): Scene;
  draw(context: CanvasRenderingContext2D, scene: Scene, ramp: Ramp): void;
}

/** A canvas that is drawn anew, in the next frame, whenever something in its scene has changed. */
export function Canvas<Scene>({ view, label, width, height, scene, draw }: Props<Scene>) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const ending = new AbortController();
    const paint = () => {
      const context = prepare(element, width, height);
      if (context) draw(context, scene(view), signRamp(view.frame.look.value.theme, zeroAt(element)));
    };
    const ask = onFrame(view.frame.guard(paint), ending.signal);
    const follow = view.frame.guard(() => {
      void [scene(view), view.frame.look.value];
      ask();
    });
    const stop = effect(() => follow());
    watchPixelRatio(ask, ending.signal);
    return () => {
      stop();
      ending.abort();
      element.width = 0; // gives its memory back at once
    };
  }, [view, width, height]);
  return <canvas ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} role="img" aria-label={label} />;
}
