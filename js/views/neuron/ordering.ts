import type { Order } from "../../store/settings.js";
import type { Terms } from "./terms.js";

/**
 * How much each neuron does, `[d]`: by this neurons are ordered and marked.
 *
 * @param key The key it is about; null for all keys at once: then it is the mean size, and never negative.
 */
export function strengthOf(terms: Terms, order: Order, key: number | null): Float64Array {
  const average = order === "contrast" ? terms.averages : null;
  if (key === null) return meanSize(terms, average);
  const { q, scaling } = terms;
  const k = terms.k(key);
  const strength = new Float64Array(q.length);
  for (let neuron = 0; neuron < q.length; neuron++) {
    strength[neuron] = q[neuron] * k[neuron] * scaling - (average?.[neuron] ?? 0);
  }
  return strength;
}

/** Neurons from left to right, ties by number. Of more than `most` those that do most are left, `kept` among them. */
export function arrange(order: Order, strength: Float64Array, most: number, kept: number | null): Int32Array {
  const all = Int32Array.from(strength, (_, neuron) => neuron);
  const left = all.length <= most ? all : strongest(all, strength, most, kept);
  return order === "position" ? left.sort() : left.sort((a, b) => strength[b] - strength[a] || a - b);
}

/** The few that do most, whatever the sign. */
export function strongest(neurons: Int32Array, strength: Float64Array, count: number, kept: number | null): Int32Array {
  const size = (neuron: number) => (neuron === kept ? Number.POSITIVE_INFINITY : Math.abs(strength[neuron]));
  return neurons
    .slice()
    .sort((a, b) => (size(a) === size(b) ? a - b : size(b) - size(a)))
    .slice(0, count);
}

/** Rank of a neuron among all of its row, 1 for the largest product. */
export function rankOf(strength: Float64Array, neuron: number): number {
  return 1 + strength.reduce((larger, value) => larger + (value > strength[neuron] ? 1 : 0), 0);
}

function meanSize(terms: Terms, average: Float64Array | null): Float64Array {
  const { q, seen, scaling, keys } = terms;
  const common = average ?? new Float64Array(q.length);
  const sizes = new Float64Array(q.length);
  for (let key = 0; key < seen.length; key++) {
    if (seen[key] === 0) continue;
    const from = key * q.length;
    for (let neuron = 0; neuron < q.length; neuron++) {
      sizes[neuron] += Math.abs(q[neuron] * keys[from + neuron] * scaling - common[neuron]);
    }
  }
  return sizes.map((size) => size / Math.max(1, terms.count));
}
