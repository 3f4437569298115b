/** One layer out of a file, read as in python/headscope/files/layers.py. */
import { type LayerData, layerOf } from "../source/layer.js";
import type { Header, Packet } from "../source/packet.js";
import { SourceError } from "../source/source.js";
import { mebibytes } from "./bytes.js";
import type { Container } from "./container.js";
import type { SaidLayer } from "./described.js";
import { type Bytes, floatsOf, inOrder } from "./numbers.js";
import { type Lengths, type Place, placesOf } from "./places.js";
import { isTooMuch, workOf } from "./work.js";

/** Most bytes of a layer, its numbers as they are computed with. */
export const LAYER_BYTES = 128 << 20;

type Numbers = Float32Array | Int32Array | Uint8Array;
type Arrays = Map<string, Numbers>;

/** @throws UnreadableFile where the layer is damaged; SourceError where it is too large for a page. */
export async function readLayer(
  container: Container,
  said: SaidLayer,
  part: string,
  lengths: Lengths,
  signal: AbortSignal,
): Promise<LayerData> {
  const places = placesOf(container, said, lengths);
  const bytes = 4 * [...places.values()].reduce((sum, { name }) => sum + container.find(name).count, 0);
  if (bytes > LAYER_BYTES) throw tooLarge(said, lengths, bytes);
  const names = [...places.values()].map(({ name }) => name);
  const read = await container.read([...new Set(names)], signal);
  const arrays: Arrays = new Map();
  for (const [what, place] of places) arrays.set(what, arrayOf(container, place, read));
  checkMask(arrays, container, said, lengths);
  return dataOf(arrays, places, { said, part, bytes, ...lengths });
}

/** What a pass over all weights of a layer takes; told without reading it. */
export function workFor(container: Container, { heads, tensors, form }: SaidLayer, { queries, keys }: Lengths): number {
  const d = form === "vectors" ? container.find(tensors.query.name).count / (heads * queries) : 0;
  return workOf({ heads, queries, keys, d });
}

function tooLarge({ layer, heads }: SaidLayer, { queries, keys }: Lengths, bytes: number): SourceError {
  return new SourceError(
    "OverBudget",
    `Layer ${layer} takes ${mebibytes(bytes)} (${heads} heads, ${queries} queries, ${keys} keys), and a page holds ` +
      `${mebibytes(LAYER_BYTES)} of a layer at most. Open the file with hs.load in Python.`,
  );
}

function arrayOf(container: Container, { name, axes }: Place, read: ReadonlyMap<string, Bytes>): Numbers {
  const { dtype, shape } = container.find(name);
  const bytes = read.get(name) as Bytes;
  if (dtype === "U8") return bytes;
  if (dtype === "I32") return new Int32Array(bytes.buffer);
  return inOrder(floatsOf(dtype, bytes), shape, axes);
}

/** Checks what a mask says, and has a query that sees nothing see it from the first key on. */
function checkMask(arrays: Arrays, container: Container, { layer }: SaidLayer, { keys }: Lengths): void {
  const [start, stop, visible] = ["start", "stop", "visible"].map((what) => arrays.get(what));
  if (visible?.some((one) => one > 1)) throw container.damaged(`layer ${layer}: its mask is none`);
  if (start === undefined || stop === undefined) return;
  for (let at = 0; at < start.length; at++) {
    if (start[at] < 0 || stop[at] > keys) throw container.damaged(`layer ${layer}: its mask is none of these keys`);
    if (start[at] >= stop[at]) start[at] = stop[at] = 0;
  }
}

function dataOf(
  arrays: Arrays,
  places: ReadonlyMap<string, Place>,
  { said, part, queries, keys, bytes }: Lengths & { said: SaidLayer; part: string; bytes: number },
): LayerData {
  const { layer, heads, scaling } = said;
  const width = (what: string) => places.get(what)?.shape[2] ?? 0;
  const isLong = isTooMuch(workOf({ heads, queries, keys, d: width("query") }));
  const reason = arrays.has("norms") ? TOO_LONG_FOR_NORMS : said.no_norms;
  if (isLong) arrays.delete("norms");
  const hasNorms = arrays.has("norms");
  const header: Header = {
    v: 1,
    part,
    layer,
    form: arrays.has("weights") ? "weights" : "vectors",
    heads,
    groups: said.kv_heads,
    d: width("query"),
    dv: width("value"),
    queries,
    keys,
    scaling,
    softcap: said.softcap ?? null,
    value_norm_reason: hasNorms ? "" : reason,
    value_norm_largest: hasNorms ? null : 0,
    arrays: [],
    bytes,
  };
  return layerOf(packetOf(header, arrays));
}

const TOO_LONG_FOR_NORMS =
  "Norms of values take a pass over all weights, of which this text has too many for a page: open the file in Python.";

/** What arrays are called where layers travel, if otherwise. */
const CALLED: Record<string, string> = { sink: "sinks", value_norm: "norms" };

function packetOf(header: Header, arrays: ReadonlyMap<string, Numbers>): Packet {
  const find = (name: string) => arrays.get(CALLED[name] ?? name);
  return {
    header,
    has: (name) => find(name) !== undefined,
    floats: (name) => find(name) as Float32Array,
    ints: (name) => find(name) as Int32Array,
    bytes: (name) => find(name) as Uint8Array,
  };
}
