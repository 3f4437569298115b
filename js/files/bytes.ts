/** Most bytes that are asked for at once, so that no answer holds up others. */
export const MOST_BYTES = 4 << 20;

/** Whatever can hand over bytes `start` to `end` of a file. May hand over fewer where the file has become shorter. */
export interface RangedBytes {
  readonly size: number;
  read(start: number, end: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** What is said of a file that was written anew meanwhile. */
export const CHANGED = "The file is another than it was when it was opened. Close it and open it again.";

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
  const when = first.headers.get("Last-Modified");
  const read = async (start: number, end: number, until: AbortSignal) => {
    const response = await range(start, end, until);
    if (response.status !== 206) throw new Error(`the server answers ${response.status} where it has the file`);
    if (sizeIn(response) !== size || response.headers.get("Last-Modified") !== when) {
      await response.body?.cancel();
      throw new Error(CHANGED);
    }
    return new Uint8Array(await response.arrayBuffer());
  };
  return { size, read };
}

/** How large the server says that the whole file is. */
function sizeIn({ headers }: Response): number {
  return Number(/^bytes \d+-\d+\/(\d+)$/.exec(headers.get("Content-Range") ?? "")?.[1]);
}
