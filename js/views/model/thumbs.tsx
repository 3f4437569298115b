import { useRef } from "preact/hooks";
import type { Thumbnails } from "../../source/source.js";
import { useDrawing } from "../shared/drawing.js";
import { zeroAt } from "../shared/ground.js";
import { cssColour } from "../shared/ramps.js";
import { px } from "../shared/style.js";
import { GAP, rowAt } from "./layout.js";
import { Inks, paintLines, paintMatrix, paintZero } from "./paint.js";
import { type Plot, plotOf } from "./plot.js";
import type { ModelState } from "./state.js";

/** The pictures of all heads, on one canvas. Frames and numbers are not on it: it is only drawn when a picture comes. */
export function Thumbs({ view }: { view: ModelState }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef(new Painter());
  const scene = () => sceneOf(view);
  const draw = (element: HTMLCanvasElement) => painter.current.draw(element, scene());
  useDrawing(canvas, { guard: view.guard, scene, draw }, [view]);
  return <canvas class="thumbs" ref={canvas} aria-label="Pictures of the heads, as named in the grid" />;
}

function sceneOf(view: ModelState) {
  const { intensity, thumbnails } = view.store.settings.value;
  return {
    layout: view.layout.value,
    layers: view.layers.value,
    heads: view.heads.value,
    pictures: view.thumbnails.pictures.value,
    looksBack: view.looksBack.value,
    look: view.frame.look.value,
    intensity,
    thumbnails,
  };
}

type Scene = ReturnType<typeof sceneOf>;

/** Remembers what it has drawn. */
class Painter {
  #before: Partial<Scene> & { ratio?: number } = {};
  #inks: Inks | null = null;

  draw(canvas: HTMLCanvasElement, scene: Scene): true {
    const ratio = window.devicePixelRatio || 1;
    // Pixels are written here, not drawn: a canvas in the graphics card's memory would be copied for each of them.
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) return true;
    const isNew = this.#isNew(scene, ratio);
    if (isNew) this.#prepare(canvas, scene, ratio);
    const before = isNew ? undefined : this.#before.pictures;
    scene.layers.forEach(({ layer }, index) => {
      if (isNew || before?.get(layer) !== scene.pictures.get(layer)) this.#drawLayer(context, scene, index, ratio);
    });
    this.#before = { ...scene, ratio };
    canvas.dataset.layers = String(scene.layers.filter(({ layer }) => scene.pictures.has(layer)).length);
    return true;
  }

  /** Whether everything has to be drawn anew, not only pictures that came. */
  #isNew(scene: Scene, ratio: number): boolean {
    const names = ["layout", "layers", "heads", "looksBack", "look", "intensity", "thumbnails"] as const;
    return this.#before.ratio !== ratio || names.some((name) => this.#before[name] !== scene[name]);
  }

  #prepare(canvas: HTMLCanvasElement, { layout, look }: Scene, ratio: number): void {
    canvas.width = Math.round(layout.width * ratio);
    canvas.height = Math.round(layout.height * ratio);
    // Exactly as large as its pixels, or some of them would be smeared at ratios such as 1.5.
    canvas.style.width = px(canvas.width / ratio);
    canvas.style.height = px(canvas.height / ratio);
    this.#inks = new Inks(look.theme, zeroAt(canvas, look));
  }

  #drawLayer(context: CanvasRenderingContext2D, scene: Scene, index: number, ratio: number): void {
    const { layout, heads, layers, pictures } = scene;
    const { left, top } = rowAt(layout, index, heads.length);
    const size = layout.cell - GAP;
    const picture = pictures.get(layers[index].layer);
    heads.forEach((head, at) => {
      if (head >= layers[index].heads) return;
      const x = left + layout.label + at * layout.cell + GAP / 2;
      const plot = plotOf(x, top + GAP / 2, size, size, ratio);
      context.clearRect(plot.left, plot.top, plot.width, plot.height);
      if (!(picture instanceof Error)) this.#drawHead(context, scene, plot, picture, head);
    });
  }

  #drawHead(
    context: CanvasRenderingContext2D,
    { intensity, thumbnails, looksBack }: Scene,
    plot: Plot,
    picture: Thumbnails | undefined,
    head: number,
  ): void {
    const inks = this.#inks as Inks; // made before anything is drawn
    if (picture === undefined || head >= picture.heads) paintZero(context, plot, cssColour(inks.weights[0]), looksBack);
    else if (thumbnails === "matrix") paintMatrix(context, plot, picture, head, inks, intensity === "head");
    else paintLines(context, plot, picture, head, cssColour(inks.weights[255]), intensity === "head");
  }
}
