/** NaN is not drawn; it is told in numbers. */
export function isDrawn(weight: number, threshold: number): boolean {
  return weight >= threshold && weight > 0;
}

const known = new WeakMap<Float32Array, { threshold: number; entries: Int32Array }>();

/** The entries of a row or column that get a line, ascending: few of many, and the same from frame to frame. */
export function drawnOf(weights: Float32Array, threshold: number): Int32Array {
  const before = known.get(weights);
  if (before?.threshold === threshold) return before.entries;
  let count = 0;
  for (let at = 0; at < weights.length; at++) if (isDrawn(weights[at], threshold)) count += 1;
  const entries = new Int32Array(count);
  let next = 0;
  for (let at = 0; next < count; at++) if (isDrawn(weights[at], threshold)) entries[next++] = at;
  known.set(weights, { threshold, entries });
  return entries;
}
