/** Whether selections and settings that were kept somewhere are such at all. */
import { below, type Check, flag, listOf, oneOf, orNull, real, text } from "../source/check.js";
import type { Selection } from "./selection.js";
import { LEVELS, ORDERS, PAIR_FILTERS, type Settings } from "./settings.js";

/** More than any capture has of anything; keeps from making arrays of any size. */
const MANY = 1 << 20;

/** Of `Selection`. */
export const SELECTION_CHECKS: Record<keyof Selection, Check> = {
  part: text,
  layer: below(MANY),
  heads: listOf(below(MANY)),
  head: orNull(below(MANY)),
  query: orNull(below(MANY)),
  key: orNull(below(MANY)),
  neuron: orNull(below(MANY)),
  scale: oneOf("model", "head", "neuron"),
};

/** Of `Settings`. */
export const SETTINGS_CHECKS: Record<keyof Settings, Check> = {
  pair_filter: oneOf(...PAIR_FILTERS),
  hide_first: flag,
  hide_special: flag,
  words: flag,
  threshold: real,
  measure: oneOf("weight", "value_norm"),
  intensity: oneOf("shared", "head"),
  thumbnails: oneOf("matrix", "lines"),
  links: flag,
  patches: oneOf("picture", "columns"),
  head_mode: oneOf("lines", "map"),
  map_level: oneOf(...LEVELS),
  reduce: oneOf("max", "mean"),
  show_layers: orNull(listOf(below(MANY))),
  show_heads: orNull(listOf(below(MANY))),
  order: oneOf(...ORDERS),
  strip: oneOf("key", "value", "query"),
  mark: oneOf("none", "key", "distance"),
  folded: listOf(oneOf("model", "head", "neuron")),
  split: real,
  theme: oneOf("auto", "light", "dark"),
};
