import type { Layout } from "./layout.js";
import { paintLines, prepare } from "./paint.js";
import { type LineScene, planFocus, Strokes } from "./strokes.js";

/** Beside all else that a frame has to do there is time for so many lines. */
const A_FRAME = 200;

/** The lines in focus, on top of the others. Those of a key may be thousands, which come over some frames. */
export class Over {
  readonly strokes = new Strokes();
  #planned: readonly unknown[] = [];
  /** What of the layer had come by then. */
  #come = "";
  #isLate = false;
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
    const now: unknown[] = [picture, heads, rows.first, rows.last, tops.query, tops.key, threshold, only, dark, layout];
    now.push(window.devicePixelRatio, focus?.side, focus?.entry);
    const come = `${picture.layer.arrivals} ${focus?.side === "key" && computed}`;
    const isPlanned = isSame(now, this.#planned);
    const isBegun = isPlanned && come === this.#come;
    this.#isLate = isPlanned && !isBegun && !this.#isLate;
    if (this.#isLate) return false; // in the frame of what has come, the tooltip about it comes
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
    this.#come = come;
    this.#drawn += this.most;
    return this.#drawn >= this.strokes.count;
  }

  clear(): void {
    this.#planned = [];
  }
}

/** Whether what a drawing is made of is what it was. */
export function isSame(now: readonly unknown[], before: readonly unknown[]): boolean {
  return now.length === before.length && now.every((one, at) => one === before[at]);
}
