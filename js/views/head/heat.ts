import { ink, type Picture } from "../../store/picture.js";
import { opposite, type Place, type SideName } from "./focus.js";

/** What the entries of one side get from the focus, or give it. */
export interface Heat {
  side: SideName;
  /** Per entry: the mean over the heads, in the picture's measure; NaN where one of them has none. */
  values: Float32Array;
  /** The number that is drawn at full strength. */
  most: number;
  /** Whose mean it is. */
  heads: readonly number[];
}

/**
 * Lays what the focus looks at, or is looked at by, over the other side.
 *
 * @param isPatch Whether an entry of the other side is on the picture.
 * @param isOwn Whether the scale ends with the largest of the patches, and not where it ends for all.
 */
export function heatOf(
  picture: Picture,
  heads: readonly number[],
  focus: Place,
  isPatch: (entry: number) => boolean,
  isOwn: boolean,
): Heat | null {
  const isHere = focus.side === "query" ? "isHere" : "columnIsHere";
  if (heads.length === 0 || !heads.every((head) => picture[isHere](head, focus.entry))) return null;
  const side = opposite(focus.side);
  const values = new Float32Array(picture[side === "key" ? "keys" : "queries"].entries.length);
  for (const head of heads) add(values, picture, head, focus, heads.length);
  return { side, values, most: isOwn ? largest(values, isPatch) : picture.scale, heads };
}

/** As strong as its lines are: a row that has little left does not shout. */
function add(values: Float32Array, picture: Picture, head: number, { side, entry }: Place, heads: number): void {
  const isRow = side === "query";
  const { weights, left } = isRow ? picture.row(head, entry) : picture.column(head, entry);
  for (let at = 0; at < values.length; at++) {
    values[at] += (weights[at] * ink(typeof left === "number" ? left : left[at])) / heads;
  }
}

/** One token that takes most of the weight, such as a class token, would leave the patches without colour. */
function largest(values: Float32Array, isPatch: (entry: number) => boolean): number {
  const most = (isMeant: (entry: number) => boolean) =>
    values.reduce((best, value, entry) => (value > best && isMeant(entry) ? value : best), 0);
  return most(isPatch) || most(() => true);
}

/** How strong the colour is, 0 to 1. As in the cells beside a column, small numbers are raised. */
export function strengthOf(share: number): number {
  return Math.max(0, Math.min(1, share)) ** 0.6;
}

/** The same of a value; NaN stays NaN. */
export function strengthAt({ values, most }: Heat, entry: number): number {
  const value = values[entry];
  return Number.isNaN(value) ? value : strengthOf(most > 0 ? value / most : 0);
}
