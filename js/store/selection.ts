import { headsIn, layerOfPart, type Meta, type PartMeta, partOf } from "./meta.js";

/** The view in focus. */
export type Scale = "model" | "head" | "neuron";

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
  scale: Scale;
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
 * gives way to the first that is. Another part keeps what it has of all this: the layer (else its first), the heads, and
 * the pins of an axis that holds the same tokens. Controls only ask for what exists, so nothing is refused here.
 */
export function step(current: Selection, meta: Meta, changes: Partial<Selection>): Selection {
  const part = partOf(meta, changes.part ?? current.part);
  const before = partOf(meta, current.part);
  const next = { ...(part === before ? current : carried(current, before, part)), ...changes };
  const there = headsIn(layerOfPart(part, next.layer));
  const countBefore = layerOfPart(before, current.layer).heads;
  const heads = changes.heads ? ascending(changes.heads) : kept(current.heads, countBefore, there);
  const head = next.head !== null && heads.includes(next.head) ? next.head : (heads[0] ?? null);
  return { ...next, heads, head };
}

/** What another part keeps; heads are for the caller to fit to the layer. */
function carried(current: Selection, before: PartMeta, part: PartMeta): Selection {
  const { layers } = part;
  const hasLayer = layers.some(({ layer }) => layer === current.layer);
  const first = layers.find(({ heads }) => heads > 0) ?? layers[0];
  return {
    ...current,
    part: part.name,
    layer: hasLayer ? current.layer : first.layer,
    query: before.query_side === part.query_side ? current.query : null,
    key: before.key_side === part.key_side ? current.key : null,
  };
}

function ascending(heads: readonly number[]): number[] {
  return [...new Set(heads)].sort((a, b) => a - b);
}

function kept(heads: readonly number[], countBefore: number, there: readonly number[]): readonly number[] {
  const remaining = heads.filter((head) => there.includes(head));
  const switchedOffByHand = heads.length === 0 && countBefore > 0;
  return remaining.length > 0 || switchedOffByHand ? remaining : there;
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
