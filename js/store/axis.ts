import type { Side } from "./meta.js";
import { wordLabel } from "./readable.js";
import type { PairFilter, Settings } from "./settings.js";

/** The settings that decide which numbers are drawn. */
export type DisplaySettings = Pick<Settings, "hide_first" | "hide_special" | "words" | "pair_filter">;

/** One line of a token column: a token, or a word where sub-words are merged. */
export interface Entry {
  label: string;
  /** Token positions that take part; where none does, all that it consists of. */
  positions: number[];
  /** False for what is hidden or filtered out: it stays in the column, faint and without lines. */
  shown: boolean;
}

export interface Axis {
  entries: Entry[];
  /** Index of the entry that a token position belongs to. */
  entryOf: Int32Array;
  /** 1 for each token position that takes part in its entry, so that a row is reduced in one pass. */
  takesPart: Uint8Array;
  /** Positions hidden by a switch, so that rows are renormalised without them; the pair filter hides none. */
  hidden: number[];
  /** Whether every token is an entry of its own and is shown. */
  plain: boolean;
}

/** Which part of a pair filter speaks of an axis: "a->b" looks from sentence a (query) to b (key). */
export type AxisName = "query" | "key";

/** Plans one axis. The rules are those of python/headscope/answers/display.py. */
export function axisOf(side: Side, settings: DisplaySettings, name: AxisName): Axis {
  const count = side.labels.length;
  const isHidden = (at: number) =>
    (settings.hide_first && at === 0) || (settings.hide_special && side.special[at] === 1);
  const isShown = (at: number) => !isHidden(at) && passes(side, settings.pair_filter, name, at);
  const groups = settings.words ? wordsOf(side) : side.labels.map((_, at) => [at]);
  const entries = groups.map((group) => entryFor(side, group, group.filter(isShown), settings.words));
  const entryOf = new Int32Array(count);
  groups.forEach((group, index) => {
    for (const at of group) entryOf[at] = index;
  });
  const hidden = side.labels.flatMap((_, at) => (isHidden(at) ? [at] : []));
  const plain = !settings.words && entries.every((entry) => entry.shown);
  const takesPart = Uint8Array.from(side.labels, (_, at) => (isShown(at) ? 1 : 0));
  return { entries, entryOf, takesPart, hidden, plain };
}

function entryFor(side: Side, group: number[], shown: number[], words: boolean): Entry {
  const positions = shown.length > 0 ? shown : group;
  const labels = positions.map((at) => side.labels[at]);
  const texts = positions.map((at) => side.texts[at]);
  return { label: words ? wordLabel(texts, labels) : labels[0], positions, shown: shown.length > 0 };
}

function passes(side: Side, filter: PairFilter, name: AxisName, at: number): boolean {
  if (filter === "all" || side.segments === null) return true;
  const [from, to] = filter.split("->");
  return "ab"[side.segments[at]] === (name === "query" ? from : to);
}

function wordsOf(side: Side): number[][] {
  const groups: number[][] = [];
  side.words.forEach((word, at) => {
    groups[word] ??= [];
    groups[word].push(at);
  });
  return groups;
}
