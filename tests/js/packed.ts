import { deflateRawSync } from "node:zlib";

/** What python/headscope/export/ascii.py makes of bytes. */
export function packed(payload: Uint8Array): string {
  const alphabet = [...Array(87).keys()]
    .map((at) => String.fromCharCode(35 + at))
    .filter((one) => !"<\\".includes(one));
  const deflated = deflateRawSync(payload);
  const missing = (4 - (deflated.length % 4)) % 4;
  const words = Buffer.concat([deflated, Buffer.alloc(missing)]);
  let text = "";
  for (let at = 0; at < words.length; at += 4) {
    const word = words.readUInt32BE(at);
    for (let power = 4; power >= 0; power--) text += alphabet[Math.floor(word / 85 ** power) % 85];
  }
  return text.slice(0, text.length - missing);
}
