/** Bytes that stand in a page as text; written by python/headscope/export/ascii.py. */

const FIRST = "#".charCodeAt(0);
/** Not used, since they stand for something else in a script or in JSON. */
const [LESS, BACKSLASH] = [..."<\\"].map((character) => character.charCodeAt(0));

/**
 * Five characters for every four bytes, deflated.
 *
 * @param count How many bytes there are. More are not read: some text may come from anybody, and a little of it can
 *   make a great many.
 */
export async function unpack(text: string, count: number): Promise<Uint8Array> {
  const stream = new Blob([fromAscii(text)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = stream.getReader();
  const bytes = new Uint8Array(count);
  let at = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    if (at + read.value.length > count) throw new Error(`there are more than ${count} bytes`);
    bytes.set(read.value, at);
    at += read.value.length;
  }
  return bytes.subarray(0, at);
}

function fromAscii(text: string): Uint8Array<ArrayBuffer> {
  const groups = Math.ceil(text.length / 5);
  const bytes = new DataView(new ArrayBuffer(4 * groups));
  for (let group = 0; group < groups; group++) {
    let word = 0;
    for (let at = 5 * group; at < 5 * group + 5; at++)
      word = 85 * word + (at < text.length ? digit(text.charCodeAt(at)) : 84);
    bytes.setUint32(4 * group, word);
  }
  return new Uint8Array(bytes.buffer, 0, text.length - groups);
}

function digit(code: number): number {
  return code - FIRST - Number(code > LESS) - Number(code > BACKSLASH);
}
