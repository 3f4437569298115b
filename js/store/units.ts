import type { Side } from "./meta.js";
import type { Level, Settings } from "./settings.js";

/** How one axis of a map is cut into cells. */
export interface Units {
  /** "block" is so many tokens each, whatever they say. */
  level: Level | "block";
  /** Token positions at which they begin, and the end of the last. */
  edges: readonly number[];
}

/** On average, in pixels: smaller units are not drawn, and of larger ones the next level is better. */
const LEAST = 5;
const MOST = 96;
/** The least of units that someone asked for, and of blocks. */
const LEAST_FIXED = 1;
const LEAST_BLOCK = 3;
/** So much goes into one tile, on each side, and takes the kernel some 50 ms at most. */
const TILE_TOKENS = 2048;
const TILE_UNITS = 256;

/** The ways to cut an axis, the coarsest first. `first` is where the map begins: the first key is kept apart. */
export function unitsOf({ labels, words, levels = {} }: Side, first: number): Units[] {
  const count = labels.length;
  const all: [Level, readonly number[] | undefined][] = [
    ["paragraph", levels.paragraph],
    ["sentence", levels.sentence],
    ["word", [...words.flatMap((word, at) => (word === words[at - 1] ? [] : [at])), count]],
    ["token", Array.from({ length: count + 1 }, (_, at) => at)],
  ];
  return all.flatMap(([level, edges]) => {
    if (edges === undefined || (level === "word" && edges.length > count)) return [];
    return [{ level, edges: [first, ...edges.filter((edge) => edge > first)] }];
  });
}

/**
 * The units to draw at a zoom.
 *
 * @param pixels Of a token.
 */
export function unitsAt(all: readonly Units[], pixels: number, wanted: Settings["map_level"]): Units {
  const sizeOf = ({ edges }: Units) => (pixels * (edges[edges.length - 1] - edges[0])) / (edges.length - 1);
  const fixed = all.find(({ level }) => level === wanted);
  if (fixed !== undefined && sizeOf(fixed) >= LEAST_FIXED) return fixed;
  const found = all.findLast((units) => sizeOf(units) >= LEAST);
  if (found !== undefined && (found.level === "token" || sizeOf(found) <= MOST)) return found;
  const { edges } = all[all.length - 1];
  return blocksOf(all, 2 ** Math.ceil(Math.log2(LEAST_BLOCK / pixels)), edges[0], edges[edges.length - 1]);
}

const blocks = new WeakMap<readonly Units[], Map<number, Units>>();

/** Kept, so that equal edges are one list. */
export function blocksOf(of: readonly Units[], tokens: number, first: number, end: number): Units {
  const known = blocks.get(of) ?? new Map<number, Units>();
  blocks.set(of, known);
  const size = Math.max(1, tokens);
  const made = known.get(size) ?? { level: "block", edges: [...inSteps(first, end, size), end] };
  known.set(size, made);
  return made;
}

function inSteps(first: number, end: number, size: number): number[] {
  const count = Math.max(1, Math.ceil(end / size) - Math.floor(first / size));
  const start = Math.floor(first / size) * size;
  return Array.from({ length: count }, (_, at) => Math.max(first, start + at * size));
}

const tiles = new WeakMap<Units, readonly (readonly number[])[]>();

/** Units in runs, as they are asked for: the edges of each run. */
export function tilesOf(units: Units): readonly (readonly number[])[] {
  const known = tiles.get(units);
  if (known !== undefined) return known;
  const { edges } = units;
  const made: number[][] = [];
  for (let at = 0; at < edges.length - 1; at++) {
    const last = made[made.length - 1];
    if (last && last.length <= TILE_UNITS && edges[at + 1] - last[0] <= TILE_TOKENS) last.push(edges[at + 1]);
    else made.push([edges[at], edges[at + 1]]);
  }
  tiles.set(units, made);
  return made;
}

/** The unit, of those with these edges, that holds a position. */
export function unitAt(edges: readonly number[], position: number): number {
  let [low, high] = [0, edges.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (edges[middle] <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

const MOST_TEXT = 44;

/** What stands in a unit, in a few words. */
export function textOf({ labels, texts, kind }: Side, start: number, stop: number): string {
  if (stop - start === 1) return labels[start] ?? "";
  if (kind !== undefined && kind !== "text") return `${labels[start]} to ${labels[stop - 1]}`;
  const some = texts.slice(start, Math.min(stop, start + MOST_TEXT));
  const text = some
    .join(some.some((one) => /^\s/.test(one)) ? "" : " ")
    .replace(/\s+/g, " ")
    .trim();
  const letters = [...text];
  if (letters.length <= MOST_TEXT && stop - start <= MOST_TEXT) return text;
  return `${letters.slice(0, MOST_TEXT).join("").trimEnd()}…`;
}
