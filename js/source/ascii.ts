/** Bytes that stand in a page as text; written by python/headscope/export/ascii.py. */

const FIRST = "#".charCodeAt(0);
/** Not used, since they stand for something else in a script or in JSON. */
const [LESS, BACKSLASH] = [..."<\\"].map((character) => character.charCodeAt(0));

/** Five characters for every four bytes, deflated. */
export async function unpack(text: string): Promise<Uint8Array> {
  const stream = new Blob([fromAscii(text)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
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
