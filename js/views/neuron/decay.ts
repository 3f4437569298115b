import type { Terms } from "./terms.js";

/** How the dot product goes with the distance between query and key, and what each neuron has to do with it. */
export interface Decay {
  /** Change of the dot product per token of distance, by least squares. */
  slope: number;
  /** The same of each neuron's product, `[d]`: they add up to `slope`. */
  slopes: Float64Array;
}

/**
 * Fits the products of the keys seen to their distance from the query. The first token is left out: much weight rests
 * there whatever the distance. Null with fewer than three keys, or where all are equally far.
 */
export function decayOf(terms: Terms): Decay | null {
  const keys = Array.from(terms.seen.keys()).filter((key) => key > 0 && terms.seen[key] === 1);
  if (keys.length < 3) return null;
  const distance = (key: number) => Math.abs(terms.query - key);
  const middle = keys.reduce((sum, key) => sum + distance(key), 0) / keys.length;
  const spread = keys.reduce((sum, key) => sum + (distance(key) - middle) ** 2, 0);
  if (spread === 0) return null;
  const sums = new Float64Array(terms.d);
  for (const key of keys) {
    const k = terms.k(key);
    const further = distance(key) - middle;
    for (let neuron = 0; neuron < sums.length; neuron++) sums[neuron] += further * k[neuron];
  }
  const slopes = sums.map((sum, neuron) => (terms.q[neuron] * terms.scaling * sum) / spread);
  return { slope: slopes.reduce((sum, slope) => sum + slope, 0), slopes };
}

/** The few neurons whose product falls most, the strongest first. */
export function falling({ slopes }: Decay, count: number): number[] {
  return Array.from(slopes.keys())
    .filter((neuron) => slopes[neuron] < 0)
    .sort((a, b) => slopes[a] - slopes[b] || a - b)
    .slice(0, count);
}
