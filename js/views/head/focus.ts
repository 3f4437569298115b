export type SideName = "query" | "key";

/** One entry of a token column. */
export interface Place {
  side: SideName;
  entry: number;
}

/** The entries that are pinned, null for none. */
export interface Pins {
  query: number | null;
  key: number | null;
}

export function opposite(side: SideName): SideName {
  return side === "query" ? "key" : "query";
}

/**
 * Whose lines are drawn: the token under the pointer, else the pinned query, else the pinned key. A pinned token stays
 * in focus while the pointer is over the other side: there one reads what the two have to do with each other.
 */
export function focusOf(hover: Place | null, pins: Pins): Place | null {
  const pinned = pinnedPlace(pins);
  if (hover === null) return pinned;
  return pinned !== null && pinned.side !== hover.side ? pinned : hover;
}

/** The entry on the other side that the pointer pairs with the focus, null for none. */
export function partnerOf(hover: Place | null, focus: Place | null): number | null {
  return hover !== null && focus !== null && hover.side !== focus.side ? hover.entry : null;
}

export function pinnedPlace({ query, key }: Pins): Place | null {
  if (query !== null) return { side: "query", entry: query };
  return key === null ? null : { side: "key", entry: key };
}
