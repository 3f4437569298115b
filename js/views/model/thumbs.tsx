import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Thumbnails } from "../../source/source.js";
import { onFrame } from "../shared/frame.js";
import { zeroAt } from "../shared/ground.js";
import { watchPixelRatio } from "../shared/pixel_ratio.js";
import { cssColour } from "../shared/ramps.js";
import { GAP, rowAt } from "./layout.js";
import { Inks, paintLines, paintMatrix, paintZero } from "./paint.js";
import { type Plot, plotOf } from "./plot.js";
import type { ModelState } from "./state.js";

/** The pictures of all heads, on one canvas. Frames and numbers are not on it: it is only drawn when a picture comes. */
export function Thumbs({ view }: { view: ModelState }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => (canvas.current === null ? undefined : keepDrawn(canvas.current, view)), [view]);
  return <canvas class="thumbs" ref={canvas} aria-label="Pictures of the heads, as named in the grid" />;
}

/** Draws in the next frame whatever has come or changed. Returns what ends it. */
function keepDrawn(canvas: HTMLCanvasElement, view: ModelState): () => void {
  const ending = new AbortController();
  const painter = new Painter(canvas);
  const draw = view.guard(() => painter.draw(sceneOf(view)));
  const ask = onFrame(draw, ending.signal);
  const follow = view.guard(() => {
    void sceneOf(view); // reads every signal that the drawing depends on
    ask();
  });
  const stop = effect(() => follow());
  watchPixelRatio(ask, ending.signal);
  return () => {
    stop();
    ending.abort();
    canvas.width = 0; // gives its memory back at once
  };
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

  constructor(private readonly canvas: HTMLCanvasElement) {}

  draw(scene: Scene): void {
    const ratio = window.devicePixelRatio || 1;
    // Pixels are written here, not drawn: a canvas in the graphics card's memory would be copied for each of them.
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) return;
    const isNew = this.#isNew(scene, ratio);
    if (isNew) this.#prepare(scene, ratio);
    const before = isNew ? undefined : this.#before.pictures;
    scene.layers.forEach(({ layer }, index) => {
      if (isNew || before?.get(layer) !== scene.pictures.get(layer)) this.#drawLayer(context, scene, index, ratio);
    });
    this.#before = { ...scene, ratio };
    this.canvas.dataset.layers = String(scene.layers.filter(({ layer }) => scene.pictures.has(layer)).length);
  }

  /** Whether everything has to be drawn anew, not only pictures that came. */
  #isNew(scene: Scene, ratio: number): boolean {
    const names = ["layout", "layers", "heads", "looksBack", "look", "intensity", "thumbnails"] as const;
    return this.#before.ratio !== ratio || names.some((name) => this.#before[name] !== scene[name]);
  }

  #prepare({ layout, look }: Scene, ratio: number): void {
    this.canvas.width = Math.round(layout.width * ratio);
    this.canvas.height = Math.round(layout.height * ratio);
    this.#inks = new Inks(look.theme, zeroAt(this.canvas));
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
