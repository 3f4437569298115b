/** NaN is not drawn; it is told in numbers. */
export function isDrawn(weight: number, threshold: number): boolean {
  return weight >= threshold && weight > 0;
}

export interface Drawn {
  /** The entries that get a line, ascending. */
  entries: readonly number[];
  /** What they add up to, and what all positive ones do. */
  sum: number;
  all: number;
}

const known = new WeakMap<Float32Array, Drawn & { threshold: number }>();

/** What is drawn of a row or column: few of many, and the same from frame to frame. */
export function drawnOf(weights: Float32Array, threshold: number): Drawn {
  const before = known.get(weights);
  if (before?.threshold === threshold) return before;
  const entries: number[] = [];
  let sum = 0;
  let all = 0;
  for (let at = 0; at < weights.length; at++) {
    const weight = weights[at];
    if (weight > 0) all += weight;
    if (!isDrawn(weight, threshold)) continue;
    entries.push(at);
    sum += weight;
  }
  const drawn = { threshold, entries, sum, all };
  known.set(weights, drawn);
  return drawn;
}
