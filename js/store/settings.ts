/** What the controls decide: how attention is drawn, not what it is. Traits of the same names in Python. */
export interface Settings {
  pair_filter: PairFilter;
  hide_first: boolean;
  hide_special: boolean;
  words: boolean;
  /** Weight, 0 to 1, below which no line is drawn. */
  threshold: number;
  theme: "auto" | "light" | "dark";
}

export const PAIR_FILTERS = ["all", "a->a", "a->b", "b->a", "b->b"] as const;
export type PairFilter = (typeof PAIR_FILTERS)[number];

export const DEFAULTS: Settings = {
  pair_filter: "all",
  hide_first: false,
  hide_special: false,
  words: false,
  threshold: 0.05,
  theme: "auto",
};
