/** The pictures that a grid of heads begins with, as they stand in a file; written by python/headscope/files/overview.py. */
import type { ThumbnailQuestion, Thumbnails } from "../source/source.js";
import { bytesOn } from "../source/tiles.js";
import type { Container } from "./container.js";
import type { SaidLayer } from "./described.js";
import { type Bytes, floatsOf } from "./numbers.js";
import type { Lengths } from "./places.js";

const OVERVIEW = "overview";
/** What there is of each head: largest weights, and means. */
const REDUCES = ["max", "mean"] as const;

/** Most bytes of the pictures of a layer: some thousand heads. */
const MOST_BYTES = 16 << 20;

/** Whether pictures of weights of this size, of all tokens, answer a question. */
export function isOfAll({ measure, pair_filter, hide_special }: ThumbnailQuestion): boolean {
  return measure === "weight" && pair_filter === "all" && !hide_special;
}

/** Cells a side of the pictures of a layer; 0 where there are none to be read. */
export function cellsIn({ tensors }: SaidLayer, container: Container): number {
  if (!Object.hasOwn(tensors, OVERVIEW)) return 0;
  const { name, cells } = tensors[OVERVIEW];
  const { begin, end } = container.find(name);
  return end - begin > MOST_BYTES ? 0 : (cells ?? 0);
}

/**
 * Reads the pictures of a layer that has some.
 *
 * @throws UnreadableFile
 */
export async function readOverview(
  container: Container,
  said: SaidLayer,
  { queries, keys }: Lengths,
  reduce: ThumbnailQuestion["reduce"],
  signal: AbortSignal,
): Promise<Thumbnails> {
  const { name } = said.tensors[OVERVIEW];
  const size = cellsIn(said, container);
  const rowEdges = evenEdges(0, queries, size);
  const columnEdges = evenEdges(1, keys - 1, size);
  const [rows, columns, before] = [rowEdges.length - 1, columnEdges.length - 1, Math.min(size, keys)];
  const width = before + columns + 1; // columns of all keys, of those but the first, and of this
  const { dtype, shape } = container.find(name);
  if (dtype !== "F32" || shape.join() !== [REDUCES.length, said.heads, rows, width].join()) {
    throw container.damaged(`layer ${said.layer}: its ${OVERVIEW} is that of other heads or tokens`);
  }
  const read = await container.read([name], signal);
  const numbers = floatsOf(dtype, read.get(name) as Bytes);
  const lines = said.heads * rows;
  const at = (way: (typeof REDUCES)[number], line: number, column: number) =>
    numbers[(REDUCES.indexOf(way) * lines + line) * width + before + column];
  const together = (column: number) => columnEdges[column + 1] - columnEdges[column]; // of a mean, what its keys get
  const body = new Float32Array(lines * columns);
  for (let line = 0; line < lines; line++) {
    for (let column = 0; column < columns; column++) {
      body[line * columns + column] = at(reduce, line, column) * (reduce === "mean" ? together(column) : 1);
    }
  }
  const rail = Float32Array.from({ length: lines }, (_, line) => at("mean", line, columns));
  return {
    layer: said.layer,
    heads: said.heads,
    rows,
    columns,
    body: bytesOn(1, body),
    rail: bytesOn(1, rail),
    scale: 1,
    rowEdges,
    columnEdges,
  };
}

/** Where cells of equal length, give or take a token, begin among so many positions, and the end of the last. */
function evenEdges(first: number, count: number, size: number): number[] {
  const cells = Math.min(size, count);
  if (cells === 0) return [0];
  return Array.from({ length: cells + 1 }, (_, cell) => first + Math.floor((cell * count) / cells));
}
