import type { LayerData } from "./layer.js";
import { Pause } from "./pause.js";
import type { ThumbnailQuestion, Thumbnails } from "./source.js";
import { bytesOn } from "./tiles.js";

/** What of an axis decides which of its tokens are pictured; one entry per token. */
export interface Pictured {
  readonly special: readonly number[];
  /** 0 or 1 where there are two sentences. */
  readonly segments: readonly number[] | null;
}

/** Pictures all heads of a layer as python/headscope/answers/thumbnails.py does, from its rows, with pauses. */
export async function pool(
  data: LayerData,
  question: ThumbnailQuestion,
  queries: Pictured,
  keys: Pictured,
  signal: AbortSignal,
): Promise<Thumbnails> {
  const [from, to = from] = question.pair_filter.split("->");
  const rest = positionsOf(keys, to, question.hide_special);
  const rows = cellsOf(positionsOf(queries, from, question.hide_special), question.size);
  const columns = cellsOf(
    rest.filter((key) => key > 0),
    question.size,
  );
  const norms = question.measure === "weight" ? null : data.valueNorms;
  const scale = question.measure === "weight" ? 1 : data.valueNormLargest;
  const isMax = question.reduce === "max";
  const pause = new Pause(signal);
  const body = new Float32Array(data.heads * rows.length * columns.length);
  const rail = new Float32Array(data.heads * rows.length);
  for (let head = 0; head < data.heads; head++) {
    const norm = norms?.subarray(head * data.keys, (head + 1) * data.keys);
    for (const [cell, some] of rows.entries()) {
      const at = head * rows.length + cell;
      for (const query of some) {
        if (pause.isDue) await pause.take();
        const row = data.row(head, query);
        const number = (key: number) => (norm === undefined ? row[key] : row[key] * norm[key]);
        rail[at] += number(0) / some.length;
        columns.forEach((others, column) => {
          const into = at * columns.length + column;
          for (const key of others) {
            body[into] = isMax ? Math.max(body[into], number(key)) : body[into] + number(key) / some.length; // NaN stays
          }
        });
      }
    }
  }
  return {
    layer: data.layer,
    heads: data.heads,
    rows: rows.length,
    columns: columns.length,
    body: bytesOn(scale, body),
    rail: rest.includes(0) ? bytesOn(scale, rail) : null,
    scale,
    rowEdges: edgesOf(rows),
    columnEdges: edgesOf(columns),
  };
}

function positionsOf({ special, segments }: Pictured, sentence: string, hideSpecial: boolean): number[] {
  const isShown = (position: number) =>
    !(hideSpecial && special[position] === 1) &&
    (sentence === "all" || segments === null || "ab"[segments[position]] === sentence);
  return [...special.keys()].filter(isShown);
}

/** Puts positions into at most `size` cells of equal length, give or take a token. */
export function cellsOf(positions: readonly number[], size: number): number[][] {
  const count = Math.min(size, positions.length);
  const start = (cell: number) => Math.floor((cell * positions.length) / count);
  return Array.from({ length: count }, (_, cell) => positions.slice(start(cell), start(cell + 1)));
}

export function edgesOf(cells: readonly number[][]): number[] {
  const last = cells.at(-1)?.at(-1);
  return last === undefined ? [0] : [...cells.map(([first]) => first), last + 1];
}
