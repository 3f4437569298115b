/**
 * The container of a saved capture: a safetensors file, read tensor by tensor and trusted in nothing. The rules are
 * those of python/headscope/files/container.py, whose sentences these are.
 */
import { below, listOf, Malformed, oneOf, record } from "../source/check.js";
import { crc32 } from "../source/crc32.js";
import { MOST_BYTES, type RangedBytes } from "./bytes.js";
import { isInProportion, MOST_TEXT, parse } from "./json.js";
import { type Dtype, SIZES } from "./numbers.js";

/** Of the description, among the metadata; its checksum stands under the same with `CHECKSUM` behind. */
const KEY = "headscope";
const CHECKSUM = ".crc32";
/** Positions and lengths are below. */
const WHOLE = 2 ** 48;
const AXES = 4;

/** A tensor of the file. */
export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly count: number;
  readonly begin: number;
  readonly end: number;
  readonly crc32: unknown;
}

const TENSOR = record({
  dtype: oneOf(...Object.keys(SIZES)),
  shape: listOf(below(WHOLE)),
  data_offsets: listOf(below(WHOLE), 2),
});

/** A file that is no saved capture, or is damaged. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

/** An open file. */
export class Container {
  private constructor(
    readonly name: string,
    private readonly bytes: RangedBytes,
    private readonly start: number,
    /** What the file says of itself, its checksum verified, nothing else. */
    readonly description: Record<string, unknown>,
    private readonly tensors: ReadonlyMap<string, Tensor>,
  ) {}

  /**
   * Reads the header of a file.
   *
   * @param name What the reader calls the file.
   * @throws UnreadableFile
   */
  static async open(bytes: RangedBytes, name: string, signal: AbortSignal): Promise<Container> {
    const { size } = bytes;
    const fail = (why: string) => damaged(name, why);
    const length = size < 8 ? 0 : lengthIn(await exactly(bytes, 0, 8, signal, fail));
    if (!(length >= 2 && length <= size - 8)) {
      throw new UnreadableFile(`${name} is no saved capture, or is cut off: it has no header.`);
    }
    if (!isInProportion(length, 0, size)) throw fail("its description is longer than its tensors account for");
    if (length > MOST_TEXT) {
      throw new UnreadableFile(`the description of ${name} is too long for a page: open it with hs.load in Python.`);
    }
    const text = await exactly(bytes, 8, 8 + length, signal, fail);
    try {
      const header = mapping(parse(text, size), "header");
      const description = descriptionIn(header, name, size);
      return new Container(name, bytes, 8 + length, description, placed(header, description, size - 8 - length));
    } catch (thrown) {
      throw thrown instanceof Malformed ? fail(thrown.message) : thrown;
    }
  }

  /** What is known of a tensor before it is read. */
  find(name: string): Tensor {
    const found = this.tensors.get(name);
    if (found === undefined) throw this.damaged(`it has no ${JSON.stringify(name)}`);
    return found;
  }

  /** The bytes of a tensor, in memory of their own, their checksum verified. */
  async read(name: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { begin, end, crc32: wanted } = this.find(name);
    const [from, to] = [this.start + begin, this.start + end];
    const all = await exactly(this.bytes, from, to, signal, (why) => this.damaged(why));
    if (crc32(all) !== wanted) throw this.damaged(`the checksum of ${JSON.stringify(name)} is wrong`);
    return all;
  }

  /** The error that says what is wrong with this file. */
  damaged(why: string): UnreadableFile {
    return damaged(this.name, why);
  }
}

function damaged(name: string, why: string): UnreadableFile {
  return new UnreadableFile(`${name} is damaged: ${why}. Save the capture again.`);
}

/** Bytes in memory of their own. */
async function exactly(
  bytes: RangedBytes,
  start: number,
  end: number,
  signal: AbortSignal,
  fail: (why: string) => Error,
): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(end - start);
  for (let at = start; at < end; at += MOST_BYTES) {
    const stop = Math.min(at + MOST_BYTES, end);
    signal.throwIfAborted();
    const piece = await bytes.read(at, stop, signal);
    if (piece.length !== stop - at) throw fail(`${piece.length} bytes came of ${stop - at} at ${at}`);
    all.set(piece, at - start);
  }
  signal.throwIfAborted();
  return all;
}

function lengthIn(bytes: Uint8Array): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
}

function mapping(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Malformed(`its ${what} is no mapping`);
}

function descriptionIn(header: Record<string, unknown>, name: string, size: number): Record<string, unknown> {
  const said = Object.hasOwn(header, "__metadata__") ? mapping(header.__metadata__, "metadata") : {};
  const text = said[KEY];
  if (typeof text !== "string") {
    throw new UnreadableFile(
      `${name} is no saved capture: its metadata do not name "${KEY}". capture.save(path) writes such files.`,
    );
  }
  const data = new TextEncoder().encode(text); // of what is no ASCII, the checksum is another
  if (said[KEY + CHECKSUM] !== String(crc32(data))) throw new Malformed("the checksum of its description is wrong");
  return mapping(parse(data, size), "description");
}

/** What the description says of each tensor, and where the header says that it stands. */
function placed(
  header: Record<string, unknown>,
  description: Record<string, unknown>,
  room: number,
): Map<string, Tensor> {
  const stated = new Map(Object.entries(mapping(description.tensors, "list of tensors")));
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  if (names.length !== stated.size || !names.every((name) => stated.has(name))) {
    throw new Malformed("it does not hold the tensors that its description names");
  }
  const found = new Map(names.map((name) => [name, tensorOf(name, header[name], stated.get(name))]));
  let end = 0;
  for (const one of [...found.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (one.begin !== end) throw new Malformed("its tensors overlap, or leave gaps");
    end = one.end;
  }
  if (end !== room) throw new Malformed(`its tensors are ${room} bytes and should be ${end}`);
  return found;
}

function tensorOf(name: string, header: unknown, stated: unknown): Tensor {
  const at = JSON.stringify(name);
  TENSOR(header, at);
  const { dtype, shape, data_offsets } = header as { dtype: Dtype; shape: number[]; data_offsets: number[] };
  const said = (stated ?? {}) as { dtype?: unknown; shape?: unknown; crc32?: unknown };
  if (said.dtype !== dtype || JSON.stringify(said.shape) !== JSON.stringify(shape)) {
    throw new Malformed(`${at} is not what its description says`);
  }
  if (shape.length > AXES) throw new Malformed(`the shape of ${at} is none`);
  const product = (lengths: number[]) => lengths.reduce((all, length) => all * length, 1);
  if (product(shape.map((length) => Math.max(1, length))) >= WHOLE)
    throw new Malformed(`${at} is larger than any file`);
  const [[begin, end], count] = [data_offsets, product(shape)];
  if (end - begin !== count * SIZES[dtype]) throw new Malformed(`${at} is not as long as its shape asks`);
  return { dtype, shape, count, begin, end, crc32: said.crc32 };
}
