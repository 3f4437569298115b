/** A file of VS Code's, read by ranges. */
import { type FileHandle, open } from "node:fs/promises";
import { type Uri, workspace } from "vscode";
import { CHANGED, mebibytes } from "../files/bytes.js";

/** Most bytes of a file on another system than the extension's own, which VS Code reads as a whole. */
const MOST_REMOTE = 256 << 20;

export interface OpenedFile {
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export function openFile(uri: Uri): Promise<OpenedFile> {
  return uri.scheme === "file" ? openHere(uri) : openElsewhere(uri);
}

async function openHere(uri: Uri): Promise<OpenedFile> {
  const file = await open(uri.fsPath, "r");
  const { size, mtimeMs } = await file.stat();
  const read = async (start: number, end: number) => {
    const bytes = await readRange(file, start, end);
    const now = await file.stat();
    if (now.size !== size || now.mtimeMs !== mtimeMs) throw new Error(CHANGED);
    return bytes;
  };
  return { size, read, close: () => file.close() };
}

/** Into memory of its own: what is posted to a page is the whole buffer under a view. */
async function readRange(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.slice(0, done);
}

async function openElsewhere(uri: Uri): Promise<OpenedFile> {
  const { size } = await workspace.fs.stat(uri);
  if (size > MOST_REMOTE) {
    throw new Error(
      `the file is ${mebibytes(size)}, and of files on ${uri.scheme} at most ${mebibytes(MOST_REMOTE)} are opened: copy it here.`,
    );
  }
  const whole = await workspace.fs.readFile(uri);
  return {
    size: whole.length,
    read: async (start, end) => new Uint8Array(whole.subarray(start, end)), // a Buffer would come as something else
    close: async () => {},
  };
}
