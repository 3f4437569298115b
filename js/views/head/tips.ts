import { ink, type Picture } from "../../store/picture.js";
import { exact, percent } from "../shared/format.js";
import { opposite, type Place } from "./focus.js";

const MOST_LINES = 8;

/** One line of a tooltip: what a head has to say. */
export interface TipLine {
  head: number;
  /** A token's label, "" where the tooltip is about one pair. */
  token: string;
  /** A weight in four decimals, three where it was rounded, or why there is none. */
  value: string;
  /** What was left of the row after hiding, "" where nothing is hidden. */
  left: string;
}

export interface Tip {
  lines: TipLine[];
  /** How many heads found no room. */
  more: number;
}

/** What each drawn head gives from one token to another. */
export function pairTip(picture: Picture, heads: readonly number[], query: number, key: number): Tip | null {
  if (!picture.connects(query, key) || !heads.every((head) => picture.isHere(head, query))) return null;
  return tip(heads, (head) => {
    const { weights, left } = picture.row(head, query);
    return { head, token: "", value: exact(weights[key], picture.layer.rounding), left: leftover(left) };
  });
}

/** The strongest partner of a token, for each drawn head. */
export function placeTip(picture: Picture, heads: readonly number[], place: Place): Tip | null {
  if (!picture[place.side === "query" ? "queries" : "keys"].entries[place.entry].shown) return null;
  const isHere = place.side === "query" ? "isHere" : "columnIsHere";
  if (!heads.every((head) => picture[isHere](head, place.entry))) return null;
  return tip(heads, (head) => strongest(picture, head, place));
}

function strongest(picture: Picture, head: number, { side, entry }: Place): TipLine {
  const best = side === "query" ? strongestKey(picture, head, entry) : strongestQuery(picture, head, entry);
  const [query, key] = side === "query" ? [entry, best] : [best, entry];
  if (best < 0) return { head, token: "", value: side === "query" ? "looks at nothing" : "is not looked at", left: "" };
  const [weight, left] = told(picture, head, query, key);
  const partner = picture[opposite(side) === "query" ? "queries" : "keys"].entries[best];
  return {
    head,
    token: Number.isNaN(weight) ? "" : partner.label,
    value: exact(weight, picture.layer.rounding),
    left: leftover(left),
  };
}

/** As its row says; of a long layer, whose columns are exact, as its column does where the row is not here. */
function told(picture: Picture, head: number, query: number, key: number): [number, number] {
  if (picture.isHere(head, query)) {
    const { weights, left } = picture.row(head, query);
    return [weights[key], left];
  }
  const { weights, left } = picture.column(head, key);
  return [weights[query], left[query]];
}

/** -1 where there is no weight at all. */
function strongestKey(picture: Picture, head: number, query: number): number {
  const { weights } = picture.row(head, query);
  return indexOfLargest(weights.length, (key) => weights[key]);
}

/** The query with the thickest line: by ink, since of a row with nothing left everything is a large share. */
function strongestQuery(picture: Picture, head: number, key: number): number {
  const { weights, left } = picture.column(head, key);
  return indexOfLargest(weights.length, (query) => weights[query] * ink(left[query]));
}

/** NaN counts as the largest: it must be told. */
function indexOfLargest(count: number, numberAt: (at: number) => number): number {
  let [best, most] = [-1, 0];
  for (let at = 0; at < count; at++) {
    const number = numberAt(at);
    if (Number.isNaN(number)) return at;
    if (number > most) [best, most] = [at, number];
  }
  return best;
}

function tip(heads: readonly number[], line: (head: number) => TipLine): Tip | null {
  if (heads.length === 0) return null;
  return { lines: heads.slice(0, MOST_LINES).map(line), more: Math.max(0, heads.length - MOST_LINES) };
}

function leftover(left: number): string {
  return left < 0.995 ? `${percent(left)} was left` : "";
}
