import { layerOfPart, type Meta, partOf } from "./meta.js";

/**
 * What is in the picture and in focus; the same traits in Python (python/headscope/widgets/selection.py).
 * Numbers are 0-based; a position counts tokens of the whole sequence, whatever is hidden or merged.
 */
export interface Selection {
  part: string;
  layer: number;
  /** Heads drawn, ascending; may be empty. */
  heads: readonly number[];
  /** Head in focus, one of `heads`; null only while none is drawn. */
  head: number | null;
  /** Pinned position on the query side. */
  query: number | null;
  key: number | null;
  neuron: number | null;
  scale: string;
}

export const START: Selection = {
  part: "self",
  layer: 0,
  heads: [],
  head: null,
  query: null,
  key: null,
  neuron: null,
  scale: "head",
};

/**
 * The selection after `changes`, by the rules that Python applies: heads are sorted and named once, those that a newly
 * chosen layer does not have are dropped (if none remain, all are drawn), and a head in focus that is no longer drawn
 * gives way to the first that is. Controls only ask for what exists, so nothing is refused here.
 */
export function step(current: Selection, meta: Meta, changes: Partial<Selection>): Selection {
  const next = { ...current, ...changes };
  const part = partOf(meta, next.part);
  const count = layerOfPart(part, next.layer).heads;
  const before = layerOfPart(partOf(meta, current.part), current.layer).heads;
  const heads = changes.heads ? ascending(changes.heads) : kept(current.heads, before, count);
  const head = next.head !== null && heads.includes(next.head) ? next.head : (heads[0] ?? null);
  return { ...next, heads, head };
}

function ascending(heads: readonly number[]): number[] {
  return [...new Set(heads)].sort((a, b) => a - b);
}

function kept(heads: readonly number[], countBefore: number, count: number): readonly number[] {
  const remaining = heads.filter((head) => head < count);
  const switchedOffByHand = heads.length === 0 && countBefore > 0;
  return remaining.length > 0 || switchedOffByHand ? remaining : range(count);
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
