import { type LayerData, layerOf } from "../../js/source/layer.js";
import { type ArrayEntry, decode, type Header } from "../../js/source/packet.js";

/** Packs arrays as they travel, in the order of the header. */
export function payloadOf(arrays: readonly ArrayEntry[], values: Record<string, readonly number[]>, bytes: number) {
  const payload = new Uint8Array(bytes);
  for (const { name, dtype, offset } of arrays) {
    const array = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }[dtype].from(values[name]);
    payload.set(new Uint8Array(array.buffer), offset);
  }
  return payload;
}

/** A layer of given weights `[head][query][key]`. */
export function layerOfWeights(weights: readonly (readonly (readonly number[])[])[]): LayerData {
  const [heads, queries, keys] = [weights.length, weights[0].length, weights[0][0].length];
  const count = heads * queries * keys;
  const arrays: ArrayEntry[] = [{ name: "weights", dtype: "float32", shape: [heads, queries, keys], offset: 0 }];
  const header: Header = {
    v: 1,
    part: "self",
    layer: 0,
    form: "weights",
    heads,
    groups: heads,
    d: 1,
    dv: 1,
    queries,
    keys,
    scaling: 1,
    softcap: null,
    value_norm_reason: "not known",
    arrays,
    bytes: Math.ceil((count * 4) / 8) * 8,
  };
  return layerOf(decode(header, [payloadOf(arrays, { weights: weights.flat(2) }, header.bytes)]));
}
