import type { Layout } from "./layout.js";
import { paintLines, prepare } from "./paint.js";
import { type LineScene, planFocus, Strokes } from "./strokes.js";

/** Beside all else that a frame has to do there is time for so many lines. */
const A_FRAME = 200;

/** The lines in focus, on top of the others. Those of a key may be thousands, which come over some frames. */
export class Over {
  readonly strokes = new Strokes();
  #planned: readonly unknown[] = [];
  #drawn = 0;

  constructor(private readonly most = A_FRAME) {}

  /**
   * @param computed How many of the scene's rows have been computed: of a key whose column has yet to come, all that is seen.
   * @param begin Draws on the canvas what else is in focus, before the first of the lines.
   * @returns Whether all lines are drawn.
   */
  paint(
    canvas: HTMLCanvasElement,
    scene: LineScene,
    layout: Layout,
    colour: (head: number) => string,
    computed: number,
    begin: (context: CanvasRenderingContext2D) => void,
  ): boolean {
    const { picture, heads, rows, tops, threshold, only, dark, focus } = scene;
    const now: unknown[] = [picture, heads, rows.first, rows.last, tops.query, tops.key, threshold, only, dark];
    now.push(
      layout,
      focus?.side === "key" ? computed : 0,
      picture.layer.arrivals,
      window.devicePixelRatio,
      focus?.side,
      focus?.entry,
    );
    const isBegun = now.length === this.#planned.length && now.every((one, at) => one === this.#planned[at]);
    this.#planned = []; // whatever fails from here on
    const context = isBegun ? canvas.getContext("2d") : prepare(canvas, layout.width, layout.height);
    if (context === null) return true;
    if (!isBegun) {
      planFocus(scene, this.strokes);
      begin(context);
      this.#drawn = 0;
    }
    paintLines(context, this.strokes, layout, colour, this.#drawn, this.#drawn + this.most);
    this.#planned = now;
    this.#drawn += this.most;
    return this.#drawn >= this.strokes.count;
  }

  clear(): void {
    this.#planned = [];
  }
}
