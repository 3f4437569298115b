/** What the controls decide: how attention is drawn, not what it is. Traits of the same names in Python. */
export interface Settings {
  pair_filter: PairFilter;
  hide_first: boolean;
  hide_special: boolean;
  words: boolean;
  /** Weight, 0 to 1, below which no line is drawn. */
  threshold: number;
  /** "weight", or weight x norm of the value vector as it enters the layer's output (Kobayashi et al. 2020). */
  measure: "weight" | "value_norm";
  /** Scale of the thumbnails: one for all heads, or each head its own. */
  intensity: "shared" | "head";
  thumbnails: "matrix" | "lines";
  /** Whether the model view ranks all heads by what links the pinned query and key. */
  links: boolean;
  /** Whether tokens that are patches are drawn on their picture, or in columns as any others. */
  patches: "picture" | "columns";
  /** Lines of the heads drawn, or a map of the head in focus. */
  head_mode: "lines" | "map";
  /** What a cell of the map is; "auto" goes by the zoom. */
  map_level: "auto" | Level;
  /** What a cell of many pairs of tokens shows: the largest of them, or their mean, which keeps mass. */
  reduce: "max" | "mean";
  /** Layers and heads in the model view, null for all. */
  show_layers: readonly number[] | null;
  show_heads: readonly number[] | null;
  /** Of the neurons. */
  order: Order;
  /** Which vector of each token the neuron view shows first. */
  strip: "key" | "value" | "query";
  /** Which neurons are marked: none, those that decide for the pinned key, those whose product falls with distance. */
  mark: "none" | "key" | "distance";
  /** Panes of the explorer that are folded. */
  folded: readonly Pane[];
  /** Share of the explorer's width that the head pane takes. */
  split: number;
  theme: "auto" | "light" | "dark";
}

export const PAIR_FILTERS = ["all", "a->a", "a->b", "b->a", "b->b"] as const;
export const ORDERS = ["contribution", "contrast", "position"] as const;
export const LEVELS = ["auto", "paragraph", "sentence", "word", "token"] as const;
export type Level = Exclude<(typeof LEVELS)[number], "auto">;
export type Order = (typeof ORDERS)[number];
export type Pane = "model" | "head" | "neuron";
export type PairFilter = (typeof PAIR_FILTERS)[number];

export const DEFAULTS: Settings = {
  pair_filter: "all",
  hide_first: false,
  hide_special: false,
  words: false,
  threshold: 0.05,
  measure: "weight",
  intensity: "shared",
  thumbnails: "matrix",
  links: false,
  patches: "picture",
  head_mode: "lines",
  map_level: "auto",
  reduce: "max",
  show_layers: null,
  show_heads: null,
  order: "contribution",
  strip: "key",
  mark: "key",
  folded: [],
  split: 0.43,
  theme: "auto",
};
