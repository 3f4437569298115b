import type { ThumbnailQuestion } from "../../../js/source/source.js";
import type { ThumbnailHeader } from "../../../js/source/thumbnails.js";
import type { Side } from "../../../js/store/meta.js";
import type { Packed } from "./pack.js";

/**
 * Pictures of all heads of a layer, by the plain rules: the first key apart, the rest pooled.
 *
 * @param numbers What is pictured, `[head][query][key]`.
 */
export function picturesOf(
  numbers: number[][][],
  { part, size, measure, pair_filter, hide_special, reduce }: ThumbnailQuestion,
  layer: number,
  queries: Side,
  keys: Side,
): Packed<ThumbnailHeader> {
  const rows = remaining(queries, hide_special, pair_filter.split("->")[0]);
  const all = remaining(keys, hide_special, pair_filter.split("->")[1] ?? "all");
  const columns = all.filter((key) => key > 0);
  const [down, across] = [cellsOf(rows, size), cellsOf(columns, size)];
  const scale = measure === "weight" ? 1 : Math.max(0, ...numbers.flat(2));
  const byte = (value: number) => Math.round(255 * Math.sqrt(scale > 0 ? value / scale : 0));
  const pooled = (all: number[], rows: number) =>
    reduce === "max" ? Math.max(...all) : all.reduce((sum, one) => sum + one, 0) / rows;
  const body = numbers.flatMap((head) =>
    down.flatMap((some) =>
      across.map((others) =>
        pooled(
          some.flatMap((q) => others.map((k) => head[q][k])),
          some.length,
        ),
      ),
    ),
  );
  const rail = all.includes(0)
    ? numbers.flatMap((head) => down.map((some) => some.reduce((sum, q) => sum + head[q][0], 0) / some.length))
    : [];
  const payload = Uint8Array.from([...body, ...rail], byte);
  const header: ThumbnailHeader = {
    v: 1,
    part,
    layer,
    heads: numbers.length,
    rows: down.length,
    columns: across.length,
    reduce,
    rail: all.includes(0),
    scale,
    row_edges: edgesOf(down),
    column_edges: edgesOf(across),
    bytes: payload.byteLength,
  };
  return { header, payload };
}

function remaining({ special, segments }: Side, hideSpecial: boolean, sentence: string): number[] {
  return special.flatMap((isSpecial, at) => {
    if (hideSpecial && isSpecial === 1) return [];
    return sentence === "all" || segments === null || "ab"[segments[at]] === sentence ? [at] : [];
  });
}

function cellsOf(positions: number[], size: number): number[][] {
  const count = Math.min(size, positions.length);
  const edge = (cell: number) => Math.floor((cell * positions.length) / count);
  return Array.from({ length: count }, (_, cell) => positions.slice(edge(cell), edge(cell + 1)));
}

function edgesOf(cells: number[][]): number[] {
  return cells.length === 0 ? [0] : [...cells.map(([first]) => first), (cells.at(-1)?.at(-1) ?? 0) + 1];
}
