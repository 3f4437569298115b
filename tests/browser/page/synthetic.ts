import type { Header } from "../../../js/source/packet.js";
import type { LayerMeta, Meta, Side } from "../../../js/store/meta.js";

/** A capture made of seeded random numbers, for the page and for the tests that know what the page must show. */
export interface Synthetic {
  meta: Meta;
  packet(layer: number): Packed;
  /** The weights by the plain formula `[query][key]`, independent of js/source. */
  weights(layer: number, head: number): number[][];
}

export interface Packed {
  header: Header;
  payload: Uint8Array;
}

export interface Options {
  tokens: string[];
  heads?: number;
  groups?: number;
  layers?: number;
  causal?: boolean;
  special?: number[];
  segments?: number[] | null;
  words?: number[] | null;
  /** Layers that were refused. */
  refused?: number[];
  /** The layer and the query whose vector holds NaN. */
  broken?: { layer: number; query: number } | null;
  /** The layer whose weights are shipped as they are. */
  dense?: number | null;
  seed?: number;
}

const D = 16;

export function synthesize(options: Options): Synthetic {
  const { tokens, heads = 9, groups = 3, layers = 4, causal = true, refused = [], broken = null } = options;
  const layerMeta = (layer: number): LayerMeta => {
    const isRefused = refused.includes(layer);
    const refusal = `LlamaAttention (model.layers.${layer}) adds a bias that was not recorded.`;
    const reason = isRefused ? refusal : options.dense === layer ? "Weights by the model's own function." : "";
    const nonfinite = broken?.layer === layer ? `query: model.layers.${layer}.q_proj.weight` : "";
    return { layer, heads: isRefused ? 0 : heads, error: isRefused ? null : (layer + 1) * 1e-7, reason, nonfinite };
  };
  const made = Array.from({ length: layers }, (_, layer) => lazily(() => vectorsOf(options, layer, heads, groups)));
  const spanOf = (query: number): [number, number] => [0, causal ? query + 1 : tokens.length];
  return {
    meta: {
      v: 1,
      capture: "synthetic",
      model: "SyntheticForCausalLM",
      tier: 1,
      parts: [{ name: "self", layers: made.map((_, layer) => layerMeta(layer)), query_side: 0, key_side: 0 }],
      sides: [sideOf(options)],
    },
    weights: (layer, head) => weightsOf(made[layer](), head, heads / groups, tokens.length, spanOf),
    packet(layer) {
      const { query, key } = made[layer]();
      const shared = { layer, heads, groups, count: tokens.length };
      const table = (head: number) => weightsOf({ query, key }, head, heads / groups, tokens.length, spanOf);
      if (options.dense === layer) {
        const all = Array.from({ length: heads }, (_, head) => table(head));
        return pack(shared, "weights", { weights: Float32Array.from(all.flat(2)) });
      }
      const spans = tokens.map((_, at) => spanOf(at));
      return pack(shared, "vectors", {
        query: Float32Array.from(query.flat(2)),
        key: Float32Array.from(key.flat(2)),
        lse: Float32Array.from(
          query.flatMap((rows, head) =>
            rows.map((q, at) => lseOf(q, key[Math.floor(head / (heads / groups))], spanOf(at))),
          ),
        ),
        start: Int32Array.from(spans, ([start]) => start),
        stop: Int32Array.from(spans, ([, stop]) => stop),
      });
    },
  };
}

interface Vectors {
  query: number[][][]; // [heads][tokens][D]
  key: number[][][]; // [groups][tokens][D]
}

function vectorsOf(
  { tokens, seed = 1, broken = null }: Options,
  layer: number,
  heads: number,
  groups: number,
): Vectors {
  const next = gaussian(seed * 1000 + layer);
  // A number of its own per token and head, float32 as it will travel.
  const vectors = (scale: number) => tokens.map(() => Array.from({ length: D }, () => Math.fround(next() * scale)));
  const query = Array.from({ length: heads }, () => vectors(1.5));
  const key = Array.from({ length: groups }, () => vectors(1.5));
  if (broken?.layer === layer) query[0][broken.query][0] = Number.NaN;
  return { query, key };
}

function scoresOf(q: number[], keys: number[][], [start, stop]: [number, number]): number[] {
  return keys.slice(start, stop).map((k) => q.reduce((sum, value, at) => sum + value * k[at], 0) / Math.sqrt(D));
}

function lseOf(q: number[], keys: number[][], span: [number, number]): number {
  return Math.log(scoresOf(q, keys, span).reduce((sum, score) => sum + Math.exp(score), 0));
}

function weightsOf(
  { query, key }: Vectors,
  head: number,
  perGroup: number,
  count: number,
  spanOf: (query: number) => [number, number],
): number[][] {
  const keys = key[Math.floor(head / perGroup)];
  return query[head].map((q, at) => {
    const [start, stop] = spanOf(at);
    const lse = lseOf(q, keys, [start, stop]);
    const row: number[] = new Array(count).fill(0);
    scoresOf(q, keys, [start, stop]).forEach((score, index) => {
      row[start + index] = Math.exp(score - lse);
    });
    return row;
  });
}

function pack(
  { layer, heads, groups, count }: { layer: number; heads: number; groups: number; count: number },
  form: Header["form"],
  values: Record<string, Float32Array | Int32Array>,
): Packed {
  let bytes = 0;
  const arrays: Header["arrays"] = Object.entries(values).map(([name, array]) => {
    const entry = {
      name,
      dtype: array instanceof Int32Array ? "int32" : "float32",
      shape: [array.length],
      offset: bytes,
    } as const;
    bytes += Math.ceil(array.byteLength / 8) * 8;
    return { ...entry, shape: [...entry.shape] };
  });
  const payload = new Uint8Array(bytes);
  Object.values(values).forEach((array, index) => {
    payload.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), arrays[index].offset);
  });
  const header: Header = {
    v: 1,
    part: "self",
    layer,
    form,
    heads,
    groups,
    d: D,
    queries: count,
    keys: count,
    scaling: 1 / Math.sqrt(D),
    softcap: null,
    arrays,
    bytes,
  };
  return { header, payload };
}

function sideOf({ tokens, special = [], segments = null, words = null }: Options): Side {
  return {
    labels: tokens.map((text) => text.replaceAll(" ", "·").replaceAll("\n", "⏎")),
    texts: tokens.map((text) => text.replace(/^##/, "")),
    special: tokens.map((_, at) => (special.includes(at) ? 1 : 0)),
    segments,
    words: words ?? tokens.map((_, at) => at),
  };
}

/** Normally distributed numbers from a seed (mulberry32, Box-Muller). */
function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

function lazily<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
