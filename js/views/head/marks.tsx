import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { onFrame } from "../shared/frame.js";
import { headColour } from "../shared/palette.js";
import { watchPixelRatio } from "../shared/pixel_ratio.js";
import { opposite } from "./focus.js";
import { paintCells, paintLines, prepare } from "./paint.js";
import { shareDrawn } from "./share.js";
import type { ViewState } from "./state.js";
import { planLines, Strokes } from "./strokes.js";

/** Time in a frame for rows that have to be computed; what is left over comes in the next. */
const COMPUTING_MS = 6;

/** Lines and shading, on one canvas over the rows. The numbers that it shows stand in the rows as text. */
export function Marks({ view }: { view: ViewState }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => (canvas.current === null ? undefined : keepDrawn(canvas.current, view)), [view]);
  return <canvas class="marks" ref={canvas} aria-label="Lines of attention; their weights stand in the lists" />;
}

/** Draws in the next frame whenever anything that is drawn has changed. Returns what ends it. */
function keepDrawn(canvas: HTMLCanvasElement, view: ViewState): () => void {
  const ending = new AbortController();
  const strokes = new Strokes();
  const draw = view.guard(() => {
    const isComplete = drawOnce(canvas, view, strokes);
    canvas.dataset.lines = String(strokes.count);
    if (!isComplete) ask();
  });
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

function sceneOf(view: ViewState) {
  return {
    picture: view.picture.value,
    heads: view.heads.value,
    focus: view.focus.value,
    pinned: view.pinned,
    layout: view.layout.value,
    top: view.top.value,
    threshold: view.store.settings.value.threshold,
    only: view.heads.value.includes(view.chip.value ?? -1) ? view.chip.value : null,
    theme: view.look.value.theme,
  };
}

/** Returns whether all is drawn; if not, some rows have still to be computed. */
function drawOnce(canvas: HTMLCanvasElement, view: ViewState, strokes: Strokes): boolean {
  const { picture, heads, focus, layout, top, threshold, only, theme, pinned } = sceneOf(view);
  const context = prepare(canvas, layout.width, layout.height);
  strokes.clear();
  if (context === null || picture === null) return true;
  const deadline = performance.now() + COMPUTING_MS;
  const rows = view.inView("query");
  const scene = { picture, heads, focus, rows, top, height: layout.height, threshold, only, dark: theme === "dark" };
  const colour = (head: number) => headColour(head, theme);
  const isComplete = planLines(scene, strokes, () => performance.now() < deadline);
  paintLines(context, strokes, layout, colour);
  if (focus !== null && layout.cells > 0) {
    const errorColour = getComputedStyle(canvas).getPropertyValue("--error");
    const cells = { picture, heads, focus, rows: view.inView(opposite(focus.side)), top, only, colour, errorColour };
    paintCells(context, cells, layout);
  }
  if (isComplete) view.share.value = shareDrawn(picture, heads, pinned, rows, threshold);
  return isComplete;
}
