import type { TileQuestion } from "../../../js/source/source.js";
import type { TileHeader } from "../../../js/source/tiles.js";
import type { Packed } from "./pack.js";

/** Pools numbers `[query][key]` of one head as python/headscope/widgets/tiles.py does. */
export function tileOf(numbers: number[][], question: TileQuestion, scale = 1): Packed<TileHeader> {
  const cells = poolByHand(numbers, question).flat();
  const payload = question.exact
    ? new Uint8Array(Float32Array.from(cells).buffer)
    : Uint8Array.from(cells, (number) => Math.round(255 * Math.sqrt(Math.min(1, number / scale))));
  const header = {
    v: 1,
    layer: question.layer,
    rows: question.row_edges.length - 1,
    columns: question.column_edges.length - 1,
    scale,
    exact: question.exact,
    bytes: payload.byteLength,
  };
  return { header, payload };
}

/** Of each cell the largest, or the mean over its queries of what its keys get together. */
export function poolByHand(
  numbers: number[][],
  { row_edges, column_edges, reduce }: Pick<TileQuestion, "row_edges" | "column_edges" | "reduce">,
): number[][] {
  const sum = (all: number[]) => all.reduce((total, one) => total + one, 0);
  return runs(row_edges).map(([top, bottom]) =>
    runs(column_edges).map(([left, right]) => {
      const rows = numbers.slice(top, bottom).map((row) => row.slice(left, right));
      return reduce === "max" ? Math.max(...rows.flat()) : sum(rows.map(sum)) / rows.length;
    }),
  );
}

function runs(edges: readonly number[]): [number, number][] {
  return edges.slice(1).map((edge, at) => [edges[at], edge]);
}
