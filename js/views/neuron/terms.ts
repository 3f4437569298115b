import type { LayerData, Vectors } from "../../source/layer.js";

/**
 * One row of attention weights, taken apart: `softmax(cap * tanh(dot / cap) + bias + mask, sink)`, of which each term
 * is there or not. Sums of float32 vectors, in float64. Its twin: python/headscope/answers/neurons.py.
 */
export class Terms {
  /** `[d]`. */
  readonly q: Float32Array;
  /** Scaled dot products, `[keys]`; of masked keys too. */
  readonly dot: Float64Array;
  readonly scaling: number;
  readonly cap: number | null;
  /** The dot products after the cap. */
  readonly capped: Float64Array;
  /** Null where the layer has none. */
  readonly bias: Float64Array | null;
  /** 1 for the keys that the mask lets through. */
  readonly seen: Uint8Array;
  /** How many those are. */
  readonly count: number;
  /** One more score of the softmax that belongs to no key, null for none. */
  readonly sink: number | null;
  /** What the softmax takes; minus infinity for masked keys. */
  readonly score: Float64Array;
  /** Log of the softmax's denominator: a weight is `exp(score - logSum)`. */
  readonly logSum: number;
  /** What the equation gives. */
  readonly evaluated: Float64Array;
  /** What the views show: the layer's own row. */
  readonly shown: Float32Array;
  /** The largest difference between the two. */
  readonly off: number;
  /** All keys of the head, `[keys, d]`: in one, since at thousands of them every pointer that moves goes through them. */
  readonly keys: Float32Array;
  #averages: Float64Array | null = null;

  constructor(
    layer: LayerData,
    readonly vectors: Vectors,
    readonly head: number,
    readonly query: number,
  ) {
    const keys = layer.keys;
    this.q = vectors.query(head, query);
    this.scaling = vectors.scaling;
    this.cap = vectors.softcap;
    this.sink = vectors.sink(head);
    this.keys = vectors.keys(head);
    this.seen = new Uint8Array(keys);
    this.dot = new Float64Array(keys);
    for (let key = 0; key < keys; key++) {
      if (vectors.sees(head, query, key)) this.seen[key] = 1;
      this.dot[key] = vectors.scaling * this.#inner(key);
    }
    this.count = this.seen.reduce((sum, one) => sum + one, 0);
    const { cap } = this;
    this.capped = cap === null ? this.dot : this.dot.map((dot) => cap * Math.tanh(dot / cap));
    this.bias = vectors.hasBias ? this.dot.map((_, key) => vectors.bias(head, query, key)) : null;
    this.score = this.capped.map((capped, key) =>
      this.seen[key] === 1 ? capped + (this.bias?.[key] ?? 0) : Number.NEGATIVE_INFINITY,
    );
    this.logSum = logSumExp(this.score, this.sink);
    this.evaluated = this.score.map((score) =>
      score === Number.NEGATIVE_INFINITY ? 0 : Math.exp(score - this.logSum),
    );
    this.shown = layer.row(head, query);
    this.off = this.evaluated.reduce((most, weight, key) => Math.max(most, Math.abs(weight - this.shown[key])), 0);
  }

  get d(): number {
    return this.q.length;
  }

  /** What a neuron adds to the dot product of a key, scaled: the products of all neurons add up to `dot`. */
  product(neuron: number, key: number): number {
    return this.q[neuron] * this.keys[key * this.d + neuron] * this.scaling;
  }

  k(key: number): Float32Array {
    return this.keys.subarray(key * this.d, (key + 1) * this.d);
  }

  /** Each neuron's product, on average over the keys seen: softmax does not notice what all keys have in common. */
  get averages(): Float64Array {
    this.#averages ??= this.#average();
    return this.#averages;
  }

  /** The share of the weight that goes to no key. */
  get sinkTakes(): number {
    return this.sink === null || this.count === 0 ? 0 : Math.exp(this.sink - this.logSum);
  }

  /** The products that are positive and those that are negative, added up: together they are `dot`. */
  sides(key: number): { positive: number; negative: number } {
    let [positive, negative] = [0, 0];
    for (let neuron = 0; neuron < this.d; neuron++) {
      const product = this.product(neuron, key);
      if (product > 0) positive += product;
      else negative += product;
    }
    return { positive, negative };
  }

  /** How the weights come about, in the words of `Neurons.equation` in Python. */
  get equation(): string {
    const score = [
      this.cap === null ? "dot" : "cap * tanh(dot / cap)",
      ...(this.bias === null ? [] : ["bias"]),
      ...(this.count === this.seen.length ? [] : ["mask"]),
    ].join(" + ");
    return this.sink === null ? `softmax(${score})` : `softmax(${score}, sink)`;
  }

  #inner(key: number): number {
    const { q, keys } = this;
    let [sum, at] = [0, key * q.length];
    for (let neuron = 0; neuron < q.length; neuron++) sum += q[neuron] * keys[at++];
    return sum;
  }

  #average(): Float64Array {
    const sums = new Float64Array(this.d);
    for (let key = 0; key < this.seen.length; key++) {
      if (this.seen[key] === 0) continue;
      for (let neuron = 0; neuron < this.d; neuron++) sums[neuron] += this.keys[key * this.d + neuron];
    }
    return sums.map((sum, neuron) => (this.count === 0 ? 0 : (this.q[neuron] * this.scaling * sum) / this.count));
  }
}

function logSumExp(scores: Float64Array, sink: number | null): number {
  const largest = scores.reduce((most, score) => Math.max(most, score), sink ?? Number.NEGATIVE_INFINITY);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  const sum = scores.reduce(
    (total, score) => total + Math.exp(score - largest),
    sink === null ? 0 : Math.exp(sink - largest),
  );
  return largest + Math.log(sum);
}
