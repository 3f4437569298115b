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

/** A layer of given weights `[head][query][key]`, and of norms of its values `[head][key]` if they are known. */
export function layerOfWeights(
  weights: readonly (readonly (readonly number[])[])[],
  norms: readonly (readonly number[])[] | null = null,
): LayerData {
  const [heads, queries, keys] = [weights.length, weights[0].length, weights[0][0].length];
  const values: Record<string, number[]> = { weights: weights.flat(2), ...(norms && { value_norm: norms.flat() }) };
  let bytes = 0;
  const arrays = Object.entries(values).map(([name, numbers]): ArrayEntry => {
    const entry: ArrayEntry = { name, dtype: "float32", shape: [numbers.length], offset: bytes };
    bytes += Math.ceil((numbers.length * 4) / 8) * 8;
    return entry;
  });
  const products = weights.flatMap((rows, head) =>
    rows.flatMap((row) => row.map((w, key) => w * (norms?.[head][key] ?? 0))),
  );
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
    value_norm_reason: norms === null ? "not known" : "",
    value_norm_largest: products.reduce((most, one) => (one > most ? one : most), 0),
    arrays,
    bytes,
  };
  return layerOf(decode(header, [payloadOf(arrays, values, bytes)]));
}
