/** The tokens of an axis, out of a file; written by python/headscope/files/axes.py. */
import { below, listOf, Malformed, mappingOf, oneOf, orNull, record, text } from "../source/check.js";
import type { Side, SidePicture } from "../store/meta.js";
import type { Container } from "./container.js";
import { levelsOf } from "./levels.js";
import type { Dtype } from "./numbers.js";

/** Most tokens that a page lists. */
const MOST_TOKENS = 1 << 20;
/** Of a picture, encoded; as in python/headscope/recording/pictures/picture.py. */
const PICTURE_BYTES = 64 << 10;
const PICTURE_SIDE = 1 << 15;
const CELL = 4;

const AXIS = record({
  texts: listOf(text),
  labels: listOf(text),
  kind: oneOf("text", "frames", "patches", "numbers"),
  generated: orNull(below(MOST_TOKENS + 1)),
  tensors: mappingOf(text),
});
const PICTURE = record({
  data: text,
  mime: oneOf("image/png", "image/jpeg"),
  width: below(PICTURE_SIDE),
  height: below(PICTURE_SIDE),
});

/** What there is of each token: its name, its kind, and how many numbers. */
const COLUMNS: readonly (readonly [string, Dtype, number])[] = [
  ["words", "I32", 1],
  ["special", "U8", 1],
  ["segments", "U8", 1],
  ["cells", "F64", CELL],
];

interface Axis {
  texts: string[];
  labels: string[];
  kind: Side["kind"];
  generated?: number | null;
  tensors: Record<string, string>;
  picture?: unknown;
}

/** @throws Malformed that says what is wrong. */
export async function readSide(said: unknown, at: string, container: Container, signal: AbortSignal): Promise<Side> {
  AXIS(said, at);
  const { texts, labels, kind, generated, tensors, picture } = said as Axis;
  const count = texts.length;
  if (count === 0 || count > MOST_TOKENS) throw new Malformed(`${at} has ${count} tokens`);
  if (labels.length !== count || (generated ?? 0) > count) throw new Malformed(`${at} is described wrongly`);
  const columns = await columnsOf(tensors, count, at, container, signal);
  const [words, special, segments, cells] = COLUMNS.map(([what]) => columns.get(tensors[what])?.buffer ?? null);
  if (words === null || special === null) throw new Malformed(`${at} lacks the numbers of its tokens`);
  const side = {
    labels,
    texts,
    special: [...new Uint8Array(special)],
    segments: segments === null ? null : [...new Uint8Array(segments)],
    words: [...new Int32Array(words)],
    kind,
    generated: generated ?? null,
  };
  if (!ascends(side.words) || ![...side.special, ...(side.segments ?? [])].every((one) => one === 0 || one === 1)) {
    throw new Malformed(`the words or the segments of ${at} are none`);
  }
  return { ...side, levels: levelsOf(side), picture: pictureOf(picture ?? null, cells, at) };
}

/** The bytes of an axis' columns, by what their tensors are called. */
function columnsOf(tensors: Axis["tensors"], count: number, at: string, container: Container, signal: AbortSignal) {
  const there = COLUMNS.filter(([what]) => Object.hasOwn(tensors, what));
  for (const [what, dtype, width] of there) {
    const found = container.find(tensors[what]);
    const shape = width === 1 ? [count] : [count, width];
    if (found.dtype !== dtype || found.shape.join() !== shape.join()) {
      throw new Malformed(`${at} has ${count} tokens and other ${what}`);
    }
  }
  return container.read([...new Set(there.map(([what]) => tensors[what]))], signal);
}

function ascends(words: readonly number[]): boolean {
  return words[0] === 0 && words.every((word, at) => at === 0 || word === words[at - 1] || word === words[at - 1] + 1);
}

function pictureOf(said: unknown, cells: ArrayBuffer | null, at: string): SidePicture | null {
  if (said === null) return null;
  PICTURE(said, `${at}.picture`);
  if (cells === null) throw new Malformed(`${at}.picture has no cells`);
  const { data, mime, width, height } = said as { data: string; mime: string; width: number; height: number };
  const isBase64 = data.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(data);
  if (!isBase64 || width === 0 || height === 0) throw new Malformed(`${at}.picture is no picture`);
  if ((data.length / 4) * 3 > PICTURE_BYTES + 2)
    throw new Malformed(`${at}.picture is larger than ${PICTURE_BYTES} bytes`);
  return { src: `data:${mime};base64,${data}`, width, height, cells: cellsOf(new Float64Array(cells)) };
}

/** A row that is no place is that of a token that stands for none. */
function cellsOf(numbers: Float64Array): SidePicture["cells"] {
  return Array.from({ length: numbers.length / CELL }, (_, at) => {
    const [left, top, across, down] = numbers.subarray(at * CELL, (at + 1) * CELL);
    return [left, top, across, down].every(Number.isFinite) ? [left, top, across, down] : null;
  });
}
