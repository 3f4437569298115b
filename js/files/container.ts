/**
 * The container of a saved capture: a safetensors file, read tensor by tensor and trusted in nothing. The rules are
 * those of python/headscope/files/container.py, whose sentences these are.
 */
import { Malformed } from "../source/check.js";
import { crc32 } from "../source/crc32.js";
import { MOST_BYTES, type RangedBytes } from "./bytes.js";
import { isInProportion, MOST_TEXT, parse } from "./json.js";
import { mapping, placed, type Tensor } from "./table.js";

/** Of the description, among the metadata; its checksum stands under the same with `CHECKSUM` behind. */
const KEY = "headscope";
const CHECKSUM = ".crc32";

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

  /**
   * The bytes of tensors by their names, each in memory of its own, their checksums verified. Those that lie next to each
   * other come together.
   */
  async read(names: readonly string[], signal: AbortSignal): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
    const wanted = new Map(names.map((name) => [name, this.find(name)]));
    const come = await Promise.all(runsOf(wanted).map((run) => this.#readRun(run, signal)));
    return new Map(come.flat());
  }

  async #readRun(run: Run, signal: AbortSignal): Promise<[string, Uint8Array<ArrayBuffer>][]> {
    const [first, last] = [run[0][1].begin, run[run.length - 1][1].end];
    const all = await exactly(this.bytes, this.start + first, this.start + last, signal, (why) => this.damaged(why));
    return run.map(([name, { begin, end, crc32: wanted }]) => {
      const bytes = run.length === 1 ? all : all.slice(begin - first, end - first);
      if (crc32(bytes) !== wanted) throw this.damaged(`the checksum of ${JSON.stringify(name)} is wrong`);
      return [name, bytes];
    });
  }

  /** The error that says what is wrong with this file. */
  damaged(why: string): UnreadableFile {
    return damaged(this.name, why);
  }
}

/** Tensors that lie next to each other, in their order. */
type Run = [string, Tensor][];

/** What can be asked for at once, in few requests. */
function runsOf(wanted: ReadonlyMap<string, Tensor>): Run[] {
  const runs: Run[] = [];
  for (const one of [...wanted].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    const run = runs.at(-1);
    const isNext = run?.at(-1)?.[1].end === one[1].begin && one[1].end - run[0][1].begin <= MOST_BYTES;
    if (isNext) run.push(one);
    else runs.push([one]);
  }
  return runs;
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
