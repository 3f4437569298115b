import type { Column, Picture, Row } from "../../store/picture.js";
import { drawnOf } from "./drawn.js";
import type { Place } from "./focus.js";
import type { Span } from "./layout.js";

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
  const add = ({ weights }: Row | Column) => {
    const of = drawnOf(weights, threshold * picture.scale);
    drawn += of.sum;
    all += of.all;
  };
  for (const head of heads) {
    if (pinned?.side === "key" && !picture.columnIsHere(head, pinned.entry)) return Number.NaN;
    if (pinned?.side === "query" && !picture.isHere(head, pinned.entry)) return Number.NaN;
    if (pinned?.side === "key") add(picture.column(head, pinned.entry));
    else if (pinned?.side === "query") add(picture.row(head, pinned.entry));
    else
      for (let query = rows.first; query < rows.last; query++)
        if (picture.isHere(head, query)) add(picture.row(head, query));
  }
  return drawn / all;
}

/** Adds up only what is not the same as in the frame before. */
export class Shares {
  #about: unknown[] = [];
  #share = Number.NaN;

  of(picture: Picture, heads: readonly number[], pinned: Place | null, rows: Span, threshold: number): number {
    const { first, last } = pinned === null ? rows : { first: 0, last: 0 };
    const about = [picture, heads, pinned?.side, pinned?.entry, first, last, threshold, picture.layer.arrivals];
    if (about.some((one, at) => one !== this.#about[at])) {
      this.#about = about;
      this.#share = shareDrawn(picture, heads, pinned, rows, threshold);
    }
    return this.#share;
  }
}
