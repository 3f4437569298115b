/** The pictures that a grid of heads begins with, as they stand in a file; written by python/headscope/files/overview.py. */
import { cellsOf, edgesOf } from "../source/pooled.js";
import type { ThumbnailQuestion, Thumbnails } from "../source/source.js";
import { bytesOn } from "../source/tiles.js";
import { range } from "../store/selection.js";
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
  const [rows, whole, rest] = [range(queries), range(keys), range(keys).slice(1)].map((all) => cellsOf(all, size));
  const width = whole.length + rest.length + 1; // the first key is the last column
  const { dtype, shape } = container.find(name);
  if (dtype !== "F32" || shape.join() !== [REDUCES.length, said.heads, rows.length, width].join()) {
    throw container.damaged(`layer ${said.layer}: its ${OVERVIEW} is that of other heads or tokens`);
  }
  const read = await container.read([name], signal);
  const numbers = floatsOf(dtype, read.get(name) as Bytes);
  const lines = said.heads * rows.length;
  const at = (way: (typeof REDUCES)[number], line: number, column: number) =>
    numbers[(REDUCES.indexOf(way) * lines + line) * width + whole.length + column];
  const ofCell = rest.map((cell) => (reduce === "mean" ? cell.length : 1)); // of a mean, what its keys get together
  const body = new Float32Array(lines * rest.length);
  for (let line = 0; line < lines; line++) {
    for (let column = 0; column < rest.length; column++) {
      body[line * rest.length + column] = at(reduce, line, column) * ofCell[column];
    }
  }
  const rail = Float32Array.from({ length: lines }, (_, line) => at("mean", line, rest.length));
  return {
    layer: said.layer,
    heads: said.heads,
    rows: rows.length,
    columns: rest.length,
    body: bytesOn(1, body),
    rail: bytesOn(1, rail),
    scale: 1,
    rowEdges: edgesOf(rows),
    columnEdges: edgesOf(rest),
  };
}
