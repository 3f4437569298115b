/** Data that were saved in a notebook: they come from whoever wrote its file, and are taken for nothing but data. */
import type { Embedded } from "../page/embedded_view.js";
import { below, type Check, flag, listOf, oneOf, orNull, real, record, text } from "../source/check.js";
import { crc32 } from "../source/crc32.js";
import type { ArrayEntry, Header } from "../source/packet.js";
import type { ThumbnailHeader } from "../source/thumbnails.js";
import type { Meta } from "../store/meta.js";
import { SELECTION_CHECKS, SETTINGS_CHECKS } from "../store/trait_checks.js";

/** Of the data; written by python/headscope/export/saved.py. */
const VERSION = 1;
/** More than any capture has of anything; keeps from making arrays of any size. */
const MANY = 1 << 20;
const MOST_BYTES = 64 << 20;
const MOST_HEADS = 4096;

/**
 * Reads the data out of the HTML that stands beside them.
 *
 * @param head Version and checksum of the data.
 * @throws Error that says to the reader what to do, where they are damaged or newer than this code.
 */
export function readSaved(head: unknown, html: unknown): Embedded {
  const { version, crc32: sum } = (head ?? {}) as { version?: unknown; crc32?: unknown };
  if (typeof version === "number" && version > VERSION) {
    throw new Error(
      `This picture was saved by a newer headscope (format ${version}; this one reads ${VERSION}). Update headscope, or run the cell again.`,
    );
  }
  try {
    if (version !== VERSION) throw new Error("its version is missing");
    const found = /<script type="application\/json">([^<]*)<\/script>/.exec(String(html))?.[1];
    if (found === undefined) throw new Error("its data are missing");
    if (crc32(new TextEncoder().encode(found)) !== sum) throw new Error("its data are not those that were saved");
    const data: unknown = JSON.parse(found);
    checkAll(data);
    return data;
  } catch (thrown) {
    throw new Error(`This saved picture is damaged: ${(thrown as Error).message}. Run the cell again.`);
  }
}

const LAYER = record({
  layer: below(MANY),
  heads: below(MOST_HEADS),
  tier: below(4),
  error: orNull(real),
  reason: text,
  has_map: flag,
  nonfinite: text,
});

const META = record({
  v: oneOf(1),
  capture: text,
  model: text,
  sides: listOf((side, at) => {
    record({ labels: listOf(text) })(side, at);
    sideOf((side as { labels: string[] }).labels.length)(side, at);
  }),
});

/** An axis of so many tokens. */
const sideOf = (count: number): Check =>
  record({
    texts: listOf(text, count),
    special: listOf(below(count)),
    segments: orNull(listOf(below(2), count)),
    words: listOf(below(count), count),
    levels: orNull(record({ sentence: EDGES, paragraph: EDGES })),
    kind: orNull(oneOf("text", "frames", "patches", "numbers")),
    picture: orNull(record({ src: SOURCE, width: real, height: real, cells: listOf(orNull(listOf(real, 4)), count) })),
    generated: orNull(below(count + 1)),
  });

const EDGES = orNull(listOf(below(MANY)));

/** Of a picture: the bytes themselves, so that nothing is fetched from anywhere. */
const SOURCE: Check = (value, at) => {
  text(value, at);
  if (!/^data:image\/[a-z]+;base64,[A-Za-z0-9+/=]*$/.test(value as string)) throw new Error(`${at} is no picture`);
};

const ARRAY = record({
  name: text,
  dtype: oneOf("float32", "int32", "uint8"),
  shape: listOf(below(MOST_BYTES)),
  offset: below(MOST_BYTES),
});

const PACKET = { v: oneOf(1), part: text, layer: below(MANY), heads: below(MOST_HEADS), bytes: below(MOST_BYTES) };

function checkAll(data: unknown): asserts data is Embedded {
  const kind = oneOf("model", "head", "neuron", "explorer");
  const thumbnails = record({ ...PACKET, rows: below(MANY), columns: below(MANY), rail: flag, scale: real });
  record({
    note: text,
    traits: record({ ...SELECTION_CHECKS, ...SETTINGS_CHECKS, kind, meta: META }),
    layers: listOf(record({ header: record({ ...PACKET, arrays: listOf(ARRAY) }), payload: text })),
    thumbnails: orNull(
      record({
        question: record({ part: text, size: below(MANY) }),
        layers: listOf((one, at) => {
          thumbnails(one, at);
          const { heads, rows, columns, rail, bytes } = one as ThumbnailHeader;
          if (heads * rows * columns + (rail ? heads * rows : 0) !== bytes) throw new Error(`${at} is cut off`);
          record({ row_edges: listOf(below(MANY), rows + 1), column_edges: listOf(below(MANY), columns + 1) })(one, at);
        }),
        payload: text,
      }),
    ),
  })(data, "data");
  const { traits, layers } = data as Embedded;
  const meta = traits.meta as Meta;
  const side = below(meta.sides.length);
  listOf(record({ name: text, layers: listOf(LAYER), query_side: side, key_side: side }))(meta.parts, "data.parts");
  for (const { header } of layers) checkLayer(header as Header, meta); // which refuses any other form
}

/** Whether a layer is one of the capture's, and its arrays lie within its bytes. */
function checkLayer(header: Header, { parts, sides }: Meta): void {
  const part = parts.find(({ name }) => name === header.part);
  const layer = part?.layers.find((one) => one.layer === header.layer);
  if (part === undefined || layer === undefined) throw new Error(`layer ${header.layer} is none of the capture's`);
  record({
    form: oneOf("vectors", "weights", "rounded"),
    heads: oneOf(layer.heads),
    queries: oneOf(sides[part.query_side].labels.length),
    keys: oneOf(sides[part.key_side].labels.length),
  })(header, `layer ${layer.layer}`);
  const { form, heads, groups, queries, keys, d } = header;
  record({ d: below(MANY), dv: below(MANY), groups: below(MOST_HEADS), scaling: real, softcap: orNull(real) })(
    header,
    `layer ${layer.layer}`,
  );
  const sizes: Record<string, number> =
    form === "vectors" ? { query: heads * queries * d, key: groups * keys * d } : {};
  for (const array of header.arrays) {
    const size = array.shape.reduce((product, one) => product * one, 1);
    if (size !== (sizes[array.name] ?? size)) throw new Error(`layer ${layer.layer} is cut off`);
    if (array.offset + sizeOf(array) > header.bytes) throw new Error(`layer ${layer.layer} is cut off`);
  }
}

function sizeOf({ dtype, shape }: ArrayEntry): number {
  return shape.reduce((product, size) => product * size, dtype === "uint8" ? 1 : 4);
}
