/** One head of the model, by the model's own numbers. */
export interface Cell {
  layer: number;
  head: number;
}

/** What is in the grid. */
export interface Walkable {
  /** The layers shown, with the heads that each of them shows, both ascending. */
  rows: readonly { layer: number; heads: readonly number[] }[];
  /** Layers in a band. */
  perBand: number;
}

type Row = Walkable["rows"][number];

/**
 * Where a key leads: left and right along the heads of a layer and on to the layer beside it in the next band; up and
 * down along the layers, from the bottom of a band to the top of the next. Null for other keys.
 */
export function walk(grid: Walkable, from: Cell, key: string): Cell | null {
  const index = Math.max(
    0,
    grid.rows.findIndex(({ layer }) => layer === from.layer),
  );
  const row = grid.rows[index];
  if (row === undefined) return null;
  const at = nearest(row, from.head);
  if (key === "ArrowUp" || key === "ArrowDown")
    return inRow(grid.rows[index + (key === "ArrowUp" ? -1 : 1)] ?? row, at);
  if (key === "ArrowLeft") return at > 0 ? inRow(row, at - 1) : acrossBands(grid, index, -1);
  if (key === "ArrowRight") return at < row.heads.length - 1 ? inRow(row, at + 1) : acrossBands(grid, index, 1);
  if (key === "Home") return inRow(row, 0);
  if (key === "End") return inRow(row, row.heads.length - 1);
  if (key === "PageUp") return inRow(grid.rows[bandOf(grid, index) * grid.perBand], at);
  if (key === "PageDown")
    return inRow(grid.rows[Math.min(grid.rows.length, (bandOf(grid, index) + 1) * grid.perBand) - 1], at);
  return null;
}

/** From the last head of a layer to the first one beside it, and back; at the outer edges one stays. */
function acrossBands(grid: Walkable, index: number, by: -1 | 1): Cell {
  const row = grid.rows[index];
  const isOuter = by < 0 ? index < grid.perBand : bandOf(grid, index) === bandOf(grid, grid.rows.length - 1);
  if (isOuter) return inRow(row, by < 0 ? 0 : row.heads.length - 1);
  const beside = grid.rows[Math.min(grid.rows.length - 1, index + by * grid.perBand)];
  return inRow(beside, by < 0 ? beside.heads.length - 1 : 0);
}

function bandOf(grid: Walkable, index: number): number {
  return Math.floor(index / grid.perBand);
}

/** Index of the head that is nearest to a number. */
function nearest({ heads }: Row, head: number): number {
  const distance = (one: number) => Math.abs(one - head);
  return heads.reduce((best, one, at) => (distance(one) < distance(heads[best]) ? at : best), 0);
}

function inRow({ layer, heads }: Row, at: number): Cell {
  return { layer, head: heads[Math.max(0, Math.min(heads.length - 1, at))] };
}
