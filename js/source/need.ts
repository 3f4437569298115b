/** Which of a layer's numbers a view is about to read. Positions are 0-based; fields left out need nothing. */
export interface Need {
  heads: readonly number[];
  /** Rows of these queries. */
  rows?: readonly number[];
  /** What these sets of keys get, together, from every query. */
  columns?: readonly (readonly number[])[];
  /** All vectors of a kind. */
  all?: readonly ("query" | "key" | "value")[];
  /** The norms of the values. */
  norms?: boolean;
}
