/** One head, and what it says of a pair of tokens. */
export interface RankedHead {
  layer: number;
  head: number;
  weight: number;
}

/** All heads that have a number, the largest first, equal ones in the order of the model; as Python ranks them. */
export function ranked(layers: ReadonlyMap<number, Float32Array | Error>): RankedHead[] {
  const all: RankedHead[] = [];
  for (const [layer, weights] of layers) {
    if (weights instanceof Error) continue;
    weights.forEach((weight, head) => {
      if (!Number.isNaN(weight)) all.push({ layer, head, weight });
    });
  }
  return all.sort((a, b) => b.weight - a.weight || a.layer - b.layer || a.head - b.head);
}
