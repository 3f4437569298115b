import type { Picture } from "../../store/picture.js";
import type { Place } from "./focus.js";
import type { Span } from "./layout.js";
import { isDrawn } from "./strokes.js";

/**
 * How much of the weight the drawn lines hold, 0 to 1: of a pinned token's, else of all queries in view.
 * NaN where there is no weight at all.
 */
export function shareDrawn(
  picture: Picture,
  heads: readonly number[],
  pinned: Place | null,
  rows: Span,
  threshold: number,
): number {
  let drawn = 0;
  let all = 0;
  const add = (weights: Float32Array) => {
    for (const weight of weights) {
      if (Number.isNaN(weight)) continue;
      all += weight;
      if (isDrawn(weight, threshold * picture.scale)) drawn += weight;
    }
  };
  for (const head of heads) {
    if (pinned?.side === "key") add(picture.column(head, pinned.entry).weights);
    else if (pinned?.side === "query") add(picture.row(head, pinned.entry).weights);
    else for (let query = rows.first; query < rows.last; query++) add(picture.row(head, query).weights);
  }
  return drawn / all;
}
