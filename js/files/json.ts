/** JSON that somebody may have made to fill memory or the stack: what it takes is known before it is parsed. */
import { Malformed } from "../source/check.js";

/** Bytes that reading a description may take beyond the size of the file; as in python/headscope/files/container.py. */
const ROOM = 12 << 20;
/** Bytes of memory that one byte of the header takes at most, and one value of its JSON. */
const PER_BYTE = 7;
const PER_VALUE = 100;
/** Most bytes of a description that a page reads. */
export const MOST_TEXT = 32 << 20;
/** Deeper than any description that is written. */
const DEPTH = 32;

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE, COMMA, COLON] = [...'"\\[]{},:'].map((one) =>
  one.charCodeAt(0),
);

/** Whether a description of so many bytes and values may stand in a file of this size. */
export function isInProportion(length: number, values: number, size: number): boolean {
  return PER_BYTE * length + PER_VALUE * values <= size + ROOM;
}

/**
 * Parses JSON in ASCII.
 *
 * @param size Of the file in which it stands.
 * @throws Malformed that says what is wrong with "its description".
 */
export function parse(data: Uint8Array, size: number): unknown {
  const { values, depth } = measure(data);
  if (!isInProportion(data.length, values, size)) {
    throw new Malformed("its description has more entries than its tensors account for");
  }
  if (depth > DEPTH) throw new Malformed("its description is nested too deeply");
  try {
    return JSON.parse(asciiOf(data));
  } catch {
    throw new Malformed("its description is no JSON");
  }
}

/** About how many values there are, at least, and how deep they are nested. */
function measure(data: Uint8Array): { values: number; depth: number } {
  let [values, depth, now] = [0, 0, 0];
  let isText = false;
  for (let at = 0; at < data.length; at++) {
    const byte = data[at];
    if (byte === COMMA || byte === COLON || byte === OPEN || byte === OPEN_LIST) values += 1; // those in texts too
    if (isText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === OPEN || byte === OPEN_LIST) depth = Math.max(depth, ++now);
    else if (byte === CLOSE || byte === CLOSE_LIST) now -= 1;
  }
  return { values, depth };
}

function asciiOf(data: Uint8Array): string {
  if (data.some((byte) => byte > 127)) throw new Malformed("no ASCII");
  return new TextDecoder().decode(data);
}
