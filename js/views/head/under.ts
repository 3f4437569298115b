import type { Layout } from "./layout.js";
import { paintLines, prepare } from "./paint.js";
import { type LineScene, planLines, Strokes } from "./strokes.js";

/**
 * The lines under those in focus: thousands, and the same wherever the pointer is. So they are drawn once, on a canvas of
 * their own, and copied from there while something is in focus.
 */
export class Under {
  readonly strokes = new Strokes();
  #canvas: HTMLCanvasElement | null = null;
  #drawn: readonly unknown[] = [];

  /** Returns whether all rows are in. */
  paint(
    context: CanvasRenderingContext2D,
    scene: LineScene,
    layout: Layout,
    colour: (head: number) => string,
    hasTime: () => boolean,
  ): boolean {
    if (scene.focus === null) {
      this.#forget();
      const isComplete = planLines(scene, this.strokes, hasTime);
      paintLines(context, this.strokes, layout, colour);
      return isComplete;
    }
    const isComplete = this.#keep(scene, layout, colour, hasTime);
    if (this.#canvas !== null) context.drawImage(this.#canvas, 0, 0, layout.width, layout.height);
    return isComplete;
  }

  #keep(scene: LineScene, layout: Layout, colour: (head: number) => string, hasTime: () => boolean): boolean {
    const { picture, heads, rows, tops, threshold, only, dark } = scene;
    const now = [picture, heads, rows.first, rows.last, tops.query, tops.key, threshold, only, dark, layout];
    now.push(picture.layer.arrivals, window.devicePixelRatio);
    if (now.length === this.#drawn.length && now.every((one, at) => one === this.#drawn[at])) return true;
    this.#canvas ??= document.createElement("canvas");
    const context = prepare(this.#canvas, layout.width, layout.height);
    const isComplete = planLines(scene, this.strokes, hasTime);
    if (context !== null) paintLines(context, this.strokes, layout, colour);
    this.#drawn = isComplete ? now : [];
    return isComplete;
  }

  /** Gives the memory back while nothing is in focus. */
  #forget(): void {
    if (this.#canvas !== null) this.#canvas.width = 0;
    this.#canvas = null;
    this.#drawn = [];
  }
}
