/** Most bytes that are asked for at once, so that no answer holds up others. */
export const MOST_BYTES = 4 << 20;

/** Whatever can hand over bytes `start` to `end` of a file. May hand over fewer where the file has become shorter. */
export interface RangedBytes {
  readonly size: number;
  read(start: number, end: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** Bytes as MiB, whatever their number. */
export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** What is said of a file that was written anew meanwhile. */
export const CHANGED = "The file is another than it was when it was opened. Close it and open it again.";

/** The same of one that the server no longer has, or has for others. */
export const GONE =
  "The server no longer hands over the file: it was moved or deleted, or you are signed out. Close it and open it again.";
/** Answers that a file is none, or none of this reader's; 200 is that of a page to sign in. */
const NOT_THERE = [200, 401, 403, 404, 410];
/** By which a server tells files apart, if it does. */
const MARKS = ["Last-Modified", "ETag"];

/** A file that the reader chose, or bytes that are here. */
export function bytesOfBlob(blob: Blob): RangedBytes {
  return {
    size: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
}

/**
 * A file on a server that answers requests for ranges.
 *
 * @param ask Makes a request with these headers.
 * @returns Null where the server answers none, so that the file would have to come as a whole.
 */
export async function bytesOfServer(
  ask: (headers: Record<string, string>, signal: AbortSignal) => Promise<Response>,
  signal: AbortSignal,
): Promise<RangedBytes | null> {
  const range = async (start: number, end: number, until: AbortSignal) => {
    const response = await ask({ Range: `bytes=${start}-${end - 1}` }, until);
    if (response.status !== 206) await response.body?.cancel();
    return response;
  };
  const first = await range(0, 1, signal);
  const size = sizeIn(first);
  if (first.status !== 206 || !Number.isSafeInteger(size)) return null;
  await first.body?.cancel();
  const read = async (start: number, end: number, until: AbortSignal) => {
    const response = await range(start, end, until);
    if (response.status !== 206 && response.status !== 416) throw new Error(whyNone(response.status));
    const isSame = MARKS.every((mark) => response.headers.get(mark) === first.headers.get(mark));
    if (sizeIn(response) !== size || !isSame) {
      await response.body?.cancel();
      throw new Error(CHANGED);
    }
    return new Uint8Array(await response.arrayBuffer());
  };
  return { size, read };
}

function whyNone(status: number): string {
  return NOT_THERE.includes(status) ? GONE : `The server answers ${status} in place of the file: try again later.`;
}

/** How large the server says that the whole file is. */
function sizeIn({ headers }: Response): number {
  return Number(/^bytes \d+-\d+\/(\d+)$/.exec(headers.get("Content-Range") ?? "")?.[1]);
}
