/** What a file says of its layers; written by python/headscope/files/save.py. */
import { below, flag, listOf, Malformed, mappingOf, oneOf, orNull, real, record, text } from "../source/check.js";
import type { Container } from "./container.js";

const MOST_HEADS = 4096;
const MANY = 1 << 20;
const MOST_CELLS = 1024;

/** What the file says of a layer. */
export interface SaidLayer {
  layer: number;
  heads: number;
  kv_heads: number;
  tier: number;
  error: number | null;
  reason: string;
  not_finite: string;
  has_map: boolean;
  scaling: number;
  softcap: number | null;
  form: "vectors" | "weights" | "none";
  no_norms: string;
  tensors: Record<string, { name: string; axes?: number[] | null; cells?: number | null }>;
}

const PLACE = record({ name: text, axes: orNull(listOf(below(4))), cells: orNull(below(MOST_CELLS)) });
const LAYER = record({
  layer: below(MANY),
  heads: below(MOST_HEADS + 1),
  kv_heads: below(MOST_HEADS + 1),
  module: text,
  tier: below(4),
  error: orNull(real),
  reason: text,
  not_finite: text,
  has_map: flag,
  scaling: real,
  softcap: orNull(real),
  why: text,
  form: oneOf("vectors", "weights", "none"),
  no_norms: text,
  tensors: mappingOf(PLACE),
});

/** Checks what a file says of a layer before it is read. @throws Malformed that says what is wrong. */
export function checkLayer(said: unknown, at: string, container: Container): asserts said is SaidLayer {
  LAYER(said, at);
  const { form, heads, kv_heads } = said as SaidLayer;
  const isWhole = (form === "none") === (heads === 0) && (heads === 0 || (kv_heads > 0 && heads % kv_heads === 0));
  if (!isWhole || (heads > 0 && !hasHeads(said as SaidLayer, container))) {
    throw new Malformed(`the heads of ${at} are described wrongly`);
  }
}

/** Whether there are numbers for as many heads as are said, so that nothing is larger than the file. */
function hasHeads({ form, heads, tensors }: SaidLayer, container: Container): boolean {
  const what = form === "vectors" ? "query" : "weights";
  if (!Object.hasOwn(tensors, what)) return false;
  const { name, axes } = tensors[what];
  const { shape } = container.find(name);
  return shape.length === 3 && Math.min(...shape) > 0 && shape[(axes ?? [0]).indexOf(0)] === heads;
}
