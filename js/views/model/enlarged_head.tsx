import { useRef } from "preact/hooks";
import type { Thumbnails } from "../../source/source.js";
import { useDrawing } from "../shared/drawing.js";
import { spoken } from "../shared/format.js";
import { zeroAt } from "../shared/ground.js";
import { Label } from "../shared/label.js";
import { classes, px } from "../shared/style.js";
import { type Tick, ticks } from "./enlarged_layout.js";
import { Legend } from "./legend.js";
import { Inks, paintMatrix } from "./paint.js";
import { plotOf } from "./plot.js";
import type { ModelState } from "./state.js";
import { Words } from "./words.js";

/** The head under the pointer, else the selected one, with its tokens at its axes and what is read off it. */
export function EnlargedHead({ view }: { view: ModelState }) {
  const { isStacked } = view.enlarged.layout.value;
  return (
    <section
      class={classes("enlarged", { stacked: isStacked })}
      style={{ width: px(view.layout.value.enlargedWidth) }}
      aria-label="Enlarged head"
    >
      <Picture view={view} />
      <div class="enlarged-words">
        <Words view={view} />
        <Legend view={view} />
      </div>
    </section>
  );
}

function Picture({ view }: { view: ModelState }) {
  const { width, height, left, across, down } = view.enlarged.layout.value;
  const canvas = useRef<HTMLCanvasElement>(null);
  const draw = (element: HTMLCanvasElement) => drawOnce(element, view);
  useDrawing(canvas, { guard: view.guard, scene: () => sceneOf(view), draw }, [view]);
  const named = tokensOf(view);
  return (
    <div class="enlarged-picture" style={{ width: px(width), height: px(height) }}>
      <canvas
        ref={canvas}
        style={{ left: px(left), width: px(across), height: px(down) }}
        aria-label="Attention of the enlarged head; its largest numbers stand beside it"
      />
      {named.rows.map((tick) => (
        <Token key={`row ${tick.cell}`} view={view} side="query" tick={tick} />
      ))}
      {named.columns.map((tick) => (
        <Token key={`column ${tick.cell}`} view={view} side="key" tick={tick} />
      ))}
    </div>
  );
}

interface NamedTick extends Tick {
  position: number;
}

function Token({ view, side, tick }: { view: ModelState; side: "query" | "key"; tick: NamedTick }) {
  const { left, below, down, rail } = view.enlarged.layout.value;
  const label = view.store.side(side).labels[tick.position];
  const place =
    side === "query"
      ? { top: px(tick.at), width: px(left - 4) }
      : { left: px(left + rail + tick.at), top: px(down + 3), height: px(below - 3) };
  return (
    <span class={`tick ${side}`} style={place} data-hint={label}>
      <Label text={spoken(label)} />
    </span>
  );
}

/** The tokens that are named: of a picture that is not exact only those that have a cell of their own. */
function tokensOf(view: ModelState): { rows: NamedTick[]; columns: NamedTick[] } {
  const { exact, coarse, cell, layout } = view.enlarged;
  const { across, down, rail } = layout.value;
  const head = exact.value === null ? (cell.value?.head ?? 0) : 0;
  const picture = exact.value?.picture ?? coarse.value;
  if (picture === null || head >= picture.heads) return { rows: [], columns: [] };
  const { rows, columns } = strengthsOf(picture, head);
  const whole = (edges: readonly number[], at: number) => edges[at + 1] - edges[at] === 1;
  const named = (all: Tick[], edges: readonly number[], peaks: readonly number[] | undefined) =>
    all
      .filter((tick) => peaks !== undefined || whole(edges, tick.cell))
      .map((tick) => ({ ...tick, position: peaks?.[tick.cell] ?? edges[tick.cell] }));
  return {
    rows: named(ticks(rows, down), picture.rowEdges, exact.value?.rowPeaks),
    columns: named(ticks(columns, across - rail), picture.columnEdges, exact.value?.columnPeaks),
  };
}

/** The largest byte of each row and of each column. */
function strengthsOf({ rows, columns, body }: Thumbnails, head: number): { rows: number[]; columns: number[] } {
  const strengths = { rows: new Array<number>(rows).fill(0), columns: new Array<number>(columns).fill(0) };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const byte = body[(head * rows + row) * columns + column];
      if (byte > strengths.rows[row]) strengths.rows[row] = byte;
      if (byte > strengths.columns[column]) strengths.columns[column] = byte;
    }
  }
  return strengths;
}

function sceneOf({ enlarged, store, frame }: ModelState) {
  const exact = enlarged.exact.value;
  return {
    picture: exact?.picture ?? enlarged.coarse.value,
    head: exact === null ? (enlarged.cell.value?.head ?? 0) : 0,
    layout: enlarged.layout.value,
    isOwnScale: store.settings.value.intensity === "head",
    look: frame.look.value,
  };
}

function drawOnce(canvas: HTMLCanvasElement, view: ModelState): true {
  const { picture, head, layout, isOwnScale, look } = sceneOf(view);
  const plot = plotOf(0, 0, layout.across, layout.down, window.devicePixelRatio || 1);
  if (canvas.width !== plot.width) canvas.width = plot.width;
  if (canvas.height !== plot.height) canvas.height = plot.height;
  const context = canvas.getContext("2d");
  context?.clearRect(0, 0, plot.width, plot.height);
  if (context !== null && picture !== null && head < picture.heads) {
    paintMatrix(context, plot, picture, head, new Inks(look.theme, zeroAt(canvas, look)), isOwnScale);
  }
  return true;
}
