import { useRef } from "preact/hooks";
import { prepare } from "../head/paint.js";
import { useDrawing } from "../shared/drawing.js";
import { zeroAt } from "../shared/ground.js";
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
  const { guard, look } = view.frame;
  const paint = (element: HTMLCanvasElement) => {
    const context = prepare(element, width, height);
    if (context) draw(context, scene(view), signRamp(look.value.theme, zeroAt(element, look.value)));
    return true;
  };
  useDrawing(canvas, { guard, scene: () => [scene(view), look.value], draw: paint }, [view, width, height]);
  return <canvas ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} role="img" aria-label={label} />;
}
