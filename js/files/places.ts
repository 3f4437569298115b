/** Where the numbers of a layer stand in a file, and whether they are such as its attention needs. */
import type { Container } from "./container.js";
import type { SaidLayer } from "./described.js";
import { type Dtype, FLOATS } from "./numbers.js";

export interface Place {
  name: string;
  /** Which axis of the attention each axis in the file is. */
  axes: readonly number[];
  /** In the order of the attention. */
  shape: readonly number[];
}

/** The tokens of the part to which a layer belongs. */
export interface Lengths {
  queries: number;
  keys: number;
}

/**
 * What of a layer is to be read, by name. Of a layer whose weights are known as they are, no vectors.
 *
 * @throws UnreadableFile where something is missing, or other than the layer is.
 */
export function placesOf(container: Container, said: SaidLayer, lengths: Lengths): Map<string, Place> {
  const all = new Map(Object.entries(said.tensors).map(([what, one]) => [what, placeOf(container, said, what, one)]));
  const checked = new Map<string, Place>();
  for (const [what, { kinds, shape, isNeeded }] of Object.entries(wantedOf(said, lengths, all))) {
    const place = all.get(what);
    if (place === undefined) {
      if (isNeeded) throw container.damaged(`layer ${said.layer} has no ${what}`);
      continue;
    }
    const { dtype } = container.find(place.name);
    if (place.shape.join() !== shape.join() || !kinds.includes(dtype)) {
      throw container.damaged(`layer ${said.layer}: its ${what} is ${dtype} [${place.shape}], not [${shape}]`);
    }
    checked.set(what, place);
  }
  if (checked.has("weights")) return new Map([...checked].filter(([what]) => what === "weights" || what === "norms"));
  return checked;
}

function placeOf(container: Container, said: SaidLayer, what: string, one: { name: string; axes?: number[] | null }) {
  const { shape } = container.find(one.name);
  const axes = one.axes ?? [...shape.keys()];
  if (axes.length !== shape.length || !shape.every((_, axis) => axes.includes(axis))) {
    throw container.damaged(`layer ${said.layer}: its ${what} has other axes`);
  }
  return { name: one.name, axes, shape: shape.map((_, axis) => shape[axes.indexOf(axis)]) };
}

/** What each tensor has to be. */
type Wanted = Record<string, { kinds: readonly Dtype[]; shape: readonly number[]; isNeeded: boolean }>;

function wantedOf(said: SaidLayer, { queries, keys }: Lengths, found: ReadonlyMap<string, Place>): Wanted {
  const { heads, kv_heads, form } = said;
  const isVectors = form === "vectors";
  const [d, dv] = ["query", "value"].map((what) => found.get(what)?.shape[2] ?? 0);
  const ofPairs = (what: string) => [found.get(what)?.shape[0] === 1 ? 1 : heads, queries, keys];
  const needed = (shape: readonly number[], kinds = FLOATS) => ({ kinds, shape, isNeeded: true });
  const possible = (shape: readonly number[], kinds = FLOATS) => ({ kinds, shape, isNeeded: false });
  const weights = [heads, queries, keys];
  const ofAny = { norms: possible([heads, keys], ["F32"]) };
  if (!isVectors) return { ...ofAny, weights: needed(weights) };
  return {
    ...ofAny,
    weights: possible(weights),
    query: needed([heads, queries, d]),
    key: needed([kv_heads, keys, d]),
    value: needed([kv_heads, keys, dv]),
    lse: needed([heads, queries], ["F64"]),
    start: needed([queries], ["I32"]),
    stop: needed([queries], ["I32"]),
    sinks: possible([heads]),
    bias: possible(ofPairs("bias")),
    visible: possible(ofPairs("visible"), ["U8"]),
  };
}
