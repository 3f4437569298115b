import { useEffect, useMemo, useRef } from "preact/hooks";
import { useDrawing } from "../shared/drawing.js";
import { drawsVectors } from "../shared/figure/recorder.js";
import { headColour } from "../shared/palette.js";
import { opposite } from "./focus.js";
import { Over } from "./over.js";
import { paintCells, prepare } from "./paint.js";
import type { ViewState } from "./state.js";
import { Under } from "./under.js";

/** Time in a frame for rows that have to be computed; what is left over comes in the next. */
const COMPUTING_MS = 6;
/** A figure has no frames. */
const ALL = Number.POSITIVE_INFINITY;

/**
 * Lines and shading over the rows: what is in focus on one canvas, all the other lines on one below. The numbers that they
 * show stand in the rows as text.
 */
export function Marks({ view }: { view: ViewState }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const below = useRef<HTMLCanvasElement>(null);
  const under = useMemo(() => new Under(), []);
  const over = useMemo(() => new Over(), []);
  const draw = (element: HTMLCanvasElement) => drawOnce(element, below.current, view, under, over);
  useDrawing(canvas, { guard: view.guard, scene: () => sceneOf(view), draw }, [view]);
  useEffect(() => {
    const element = below.current;
    return () => void (element !== null && under.clear(element));
  }, [under]);
  useEffect(() => {
    if (canvas.current === null || below.current === null) return;
    const ends = [
      drawsVectors(below.current, () => {}), // all of it is drawn with the other
      drawsVectors(canvas.current, (into) => void drawOnce(into, into, view, new Under(), new Over(ALL), ALL)),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [view]);
  return (
    <>
      <canvas class="lines" ref={below} />
      <canvas class="marks" ref={canvas} aria-label="Lines of attention; their weights stand in the lists" />
    </>
  );
}

function sceneOf(view: ViewState) {
  return {
    picture: view.picture.value,
    heads: view.heads.value,
    focus: view.focus.value,
    arrivals: view.picture.value?.layer.arrivals,
    pinned: view.pinned,
    layout: view.layout.value,
    tops: { query: view.topOf("query"), key: view.topOf("key") },
    threshold: view.store.settings.value.threshold,
    only: view.heads.value.includes(view.chip.value ?? -1) ? view.chip.value : null,
    theme: view.look.value.theme,
  };
}

/** Returns whether all is drawn; if not, rows have still to be computed, or lines to be drawn. */
function drawOnce(
  canvas: HTMLCanvasElement,
  below: HTMLCanvasElement | null,
  view: ViewState,
  under: Under,
  over: Over,
  computingMs = COMPUTING_MS,
): boolean {
  const { picture, heads, focus, layout, tops, threshold, only, theme, pinned } = sceneOf(view);
  if (below === null || picture === null) {
    prepare(canvas, layout.width, layout.height);
    if (below !== null) under.clear(below);
    over.clear();
    canvas.dataset.lines = "0";
    return true;
  }
  const deadline = performance.now() + computingMs;
  const rows = view.inView("query");
  const scene = { picture, heads, focus, rows, tops, height: layout.height, threshold, only, dark: theme === "dark" };
  const colour = (head: number) => headColour(head, theme);
  const isComplete = under.paint(below, scene, layout, colour, () => performance.now() < deadline);
  const drawCells = (context: CanvasRenderingContext2D) => {
    if (focus === null || layout.cells[opposite(focus.side)] === 0) return;
    const errorColour = () => getComputedStyle(canvas).getPropertyValue("--error"); // it lays out the page: only where needed
    const side = opposite(focus.side);
    const cells = { picture, heads, focus, rows: view.inView(side), top: tops[side], only, colour, errorColour };
    paintCells(context, cells, layout);
  };
  const isDrawn = over.paint(canvas, scene, layout, colour, under.computed, drawCells);
  const covered = focus === null ? 0 : under.strokes.countAt(focus);
  if (isDrawn) canvas.dataset.lines = String(under.strokes.count - covered + over.strokes.count);
  if (isComplete) view.share.value = over.strokes.shares.of(picture, heads, pinned, rows, threshold);
  return isComplete && isDrawn;
}
