/** Saved captures, whole and told lies, as whoever reads them by ranges gets them. */
import { readFileSync } from "node:fs";
import { bytesOfBlob } from "../../js/files/bytes.js";
import { OpenFile } from "../../js/files/capture.js";
import { FileSource } from "../../js/files/source.js";
import { crc32 } from "../../js/source/crc32.js";

export function fileNamed(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../fixtures/${name}.headscope`, import.meta.url)));
}

/** Never aborted. */
export const following = { signal: new AbortController().signal };

export function open(data: Uint8Array<ArrayBuffer>, name = "some.headscope"): Promise<OpenFile> {
  return OpenFile.open(bytesOfBlob(new Blob([data])), name, following.signal);
}

/** Opens a file and reads all its layers. */
export async function readAll(data: Uint8Array<ArrayBuffer>) {
  const file = await open(data);
  const source = new FileSource(file);
  const all = file.meta.parts.flatMap(({ name, layers }) =>
    layers.filter(({ heads }) => heads > 0).map(({ layer }) => source.layer(name, layer, following)),
  );
  return { file, source, layers: await Promise.all(all) };
}

// biome-ignore lint/suspicious/noExplicitAny: tests spoil it in every way
type Anything = any;

export interface Pieces {
  header: Anything;
  description: Anything;
  tensors: Uint8Array<ArrayBuffer>;
}

/** Header, description and tensors of a file. */
export function piecesOf(data: Uint8Array<ArrayBuffer>): Pieces {
  const length = Number(new DataView(data.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(data.subarray(8, 8 + length)));
  return { header, description: JSON.parse(header.__metadata__.headscope), tensors: data.slice(8 + length) };
}

/** A file of these, its checksums right. @param text Of the description, if it is not to be written from it. */
export function assembled(
  { header, description, tensors }: Pieces,
  text = ascii(description),
): Uint8Array<ArrayBuffer> {
  header.__metadata__ = { headscope: text, "headscope.crc32": String(crc32(new TextEncoder().encode(text))) };
  return fileOf(ascii(header), tensors);
}

export function fileOf(text: string, tensors: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(text);
  const data = new Uint8Array(8 + head.length + tensors.length);
  new DataView(data.buffer).setBigUint64(0, BigInt(head.length), true);
  data.set(head, 8);
  data.set(tensors, 8 + head.length);
  return data;
}

/** Puts other numbers into a tensor, its checksum right. */
export function replaced(pieces: Pieces, name: string, write: (bytes: Uint8Array<ArrayBuffer>) => void): void {
  const [begin, end] = pieces.header[name].data_offsets;
  const bytes = pieces.tensors.slice(begin, end);
  write(bytes);
  pieces.tensors.set(bytes, begin);
  pieces.description.tensors[name].crc32 = crc32(bytes);
}

function ascii(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
