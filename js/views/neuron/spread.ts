/** Room for the number of a neuron, in pixels. */
export const LABEL = 22;
const ROUNDS = 60;

/**
 * Spreads labels above places that may be close together.
 *
 * @param places Where the labels belong, ascending.
 * @returns Where their middles stand, at least a label's width apart as far as there is room.
 */
export function spread(places: readonly number[], from: number, to: number): number[] {
  const middles = [...places];
  for (let round = 0; round < ROUNDS; round++) {
    for (let at = 0; at < middles.length; at++) {
      const lacking = at === 0 ? 0 : LABEL - (middles[at] - middles[at - 1]);
      if (lacking > 0) {
        middles[at] += lacking / 2;
        middles[at - 1] -= lacking / 2;
      }
      middles[at] = Math.min(to, Math.max(from, middles[at]));
    }
  }
  return middles;
}
