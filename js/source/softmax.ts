import type { ScoreVectors } from "./vectors.js";

/** A row of weights, float32 `[keys]`, and the log-sum-exp of its scores; minus infinity where it sees no key. */
export function softmaxRow(vectors: ScoreVectors, keys: number, head: number, query: number) {
  const [start, stop] = vectors.span(query);
  const row = new Float32Array(keys);
  const scores = vectors.scores(head, query);
  const sink = vectors.sink(head) ?? Number.NEGATIVE_INFINITY;
  let largest = sink;
  for (const score of scores) if (!(score <= largest)) largest = score; // also where it is NaN
  if (largest === Number.NEGATIVE_INFINITY) return { row, lse: largest };
  let sum = Math.exp(sink - largest);
  for (let at = 0; at < scores.length; at++) {
    if (scores[at] === Number.NEGATIVE_INFINITY) continue; // masked: 0 even where others are NaN
    scores[at] = Math.exp(scores[at] - largest);
    sum += scores[at];
  }
  for (let at = 0; at < stop - start; at++) {
    if (scores[at] !== Number.NEGATIVE_INFINITY) row[start + at] = scores[at] / sum;
  }
  return { row, lse: largest + Math.log(sum) };
}
