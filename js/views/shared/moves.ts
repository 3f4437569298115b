/** Where a key leads from the n-th of some rows, null for a key that does not move up or down. */
export function movedDown(key: string, at: number, count: number, page: number): number | null {
  const ends = { Home: 0, End: count - 1 };
  return chosen({ ArrowUp: at - 1, ArrowDown: at + 1, PageUp: at - page, PageDown: at + page, ...ends }, key, count);
}

/** The same for what stands in a line. */
export function movedAcross(key: string, at: number, count: number): number | null {
  return chosen({ ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: count - 1 }, key, count);
}

function chosen(places: Record<string, number>, key: string, count: number): number | null {
  return key in places ? Math.max(0, Math.min(count - 1, places[key])) : null;
}
