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
/** So many are asked for at first: the description of most files, and the numbers of their tokens. */
const FIRST_BYTES = 256 << 10;
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
 * A file on a server that answers requests for ranges. What is said first, of itself, comes with the first answer.
 *
 * @param ask Makes a request with these headers.
 * @returns Null where the server answers none, so that the file would have to come as a whole.
 */
export async function bytesOfServer(
  ask: (headers: Record<string, string>, signal: AbortSignal) => Promise<Response>,
  signal: AbortSignal,
): Promise<RangedBytes | null> {
  const range = (start: number, end: number, until: AbortSignal) => ask({ Range: `bytes=${start}-${end - 1}` }, until);
  const first = await range(0, FIRST_BYTES, signal);
  const size = sizeIn(first);
  if (!Number.isSafeInteger(size)) {
    await first.body?.cancel();
    return null;
  }
  const head = new Uint8Array(await first.arrayBuffer());
  const read = async (start: number, end: number, until: AbortSignal) => {
    if (end <= head.length) return head.slice(start, end);
    const response = await range(start, end, until);
    const why = whyNot(response, first);
    if (why === "") return new Uint8Array(await response.arrayBuffer());
    await response.body?.cancel();
    throw new Error(why);
  };
  return { size, read };
}

/** What is wrong with an answer, as one of the file that answered first; "" where nothing is. */
function whyNot(response: Response, first: Response): string {
  const { status, headers } = response;
  if (NOT_THERE.includes(status)) return GONE;
  if (status !== 206 && status !== 416) return `The server answers ${status} in place of the file: try again later.`;
  const isSame = MARKS.every((mark) => headers.get(mark) === first.headers.get(mark));
  return isSame && sizeIn(response) === sizeIn(first) ? "" : CHANGED;
}

/** How large the server says that the whole file is; a short one comes as a whole. */
function sizeIn({ status, headers }: Response): number {
  if (status === 206) return Number(/^bytes \d+-\d+\/(\d+)$/.exec(headers.get("Content-Range") ?? "")?.[1]);
  const length = Number(headers.get("Content-Length") ?? Number.NaN);
  const isWhole = status === 200 && headers.get("Accept-Ranges") === "bytes" && length <= FIRST_BYTES;
  return isWhole ? length : Number.NaN;
}
