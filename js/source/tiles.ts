/** Rectangles of one head's attention as they travel; written by python/headscope/widgets/tiles.py. */
import type { LayerData } from "./layer.js";
import { join } from "./packet.js";
import { Pause } from "./pause.js";
import type { Tile, TileQuestion } from "./source.js";

export interface TileHeader {
  v: number;
  layer: number;
  rows: number;
  columns: number;
  scale: number;
  exact: boolean;
  /** Of all cells. */
  bytes: number;
}

export function tileOf({ rows, columns, scale, exact, ...header }: TileHeader, pieces: readonly Uint8Array[]): Tile {
  const payload = join(header, pieces);
  return { rows, columns, scale, cells: exact ? new Float32Array(payload) : new Uint8Array(payload) };
}

const names = new WeakMap<readonly number[], string>();

/** The same for equal questions. Edges are read once: whoever asks keeps them. */
export function nameOfTile({ row_edges, column_edges, ...rest }: TileQuestion): string {
  const edges = [row_edges, column_edges].map((list) => {
    const known = names.get(list) ?? list.join();
    names.set(list, known);
    return known;
  });
  return [...Object.values(rest), ...edges].join(" ");
}

/** Pools a rectangle as python/headscope/widgets/tiles.py does, from a layer's rows, with pauses. */
export async function poolTile(data: LayerData, question: TileQuestion, signal: AbortSignal): Promise<Tile> {
  const { row_edges, column_edges, head, exact } = question;
  const [rows, columns] = [row_edges.length - 1, column_edges.length - 1];
  const isMax = question.reduce === "max";
  const norms =
    question.measure === "weight"
      ? null
      : (data.valueNorms?.subarray(head * data.keys, (head + 1) * data.keys) ?? null);
  const sums = new Float64Array(rows * columns);
  const pause = new Pause(signal);
  for (let row = 0; row < rows; row++) {
    for (let query = row_edges[row]; query < row_edges[row + 1]; query++) {
      if (pause.isDue) await pause.take();
      const weights = data.row(head, query);
      for (let column = 0; column < columns; column++) {
        const at = row * columns + column;
        for (let key = column_edges[column]; key < column_edges[column + 1]; key++) {
          const number = norms === null ? weights[key] : weights[key] * norms[key];
          sums[at] = isMax ? Math.max(sums[at], number) : sums[at] + number / (row_edges[row + 1] - row_edges[row]);
        }
      }
    }
  }
  const scale = norms?.reduce((most, norm) => (norm > most ? norm : most), 0) ?? 1;
  return { rows, columns, scale, cells: exact ? Float32Array.from(sums) : bytesOn(scale, sums) };
}

/** Numbers on a scale as bytes, weak ones kept apart; what is not finite is drawn as nothing. */
export function bytesOn(scale: number, numbers: Float32Array | Float64Array): Uint8Array {
  return Uint8Array.from(numbers, (number) => {
    const share = Math.min(1, number / (scale || 1));
    return Number.isFinite(number) ? Math.round(255 * Math.sqrt(share)) : 0;
  });
}
