/** What the commands do: a part of its own, which is only loaded once one is called. */

import { Notification } from "@jupyterlab/apputils";
import type { IDocumentManager } from "@jupyterlab/docmanager";
import { FileDialog } from "@jupyterlab/filebrowser";
import type { KernelSpec, ServiceManager } from "@jupyterlab/services";
import { Answer } from "../source/answer.js";
import { Lines, type Wire } from "../source/lines.js";
import { type Question, request } from "../source/request.js";
import { SourceError } from "../source/source.js";
import { START } from "../store/selection.js";
import { DEFAULTS } from "../store/settings.js";
import type { Traits } from "../store/synced.js";
import type { Shown } from "../views/mount.js";
import { download } from "../views/shared/download.js";
import { readMessage } from "./file_model.js";
import { starter } from "./starter.js";

export { shownBy } from "./ask.js";

/** Asks for saved captures; returns the paths that were chosen. */
export async function chooseCaptures(manager: IDocumentManager, folder: string): Promise<string[]> {
  const isCapture = ({ name }: { name: string }) => name.toLowerCase().endsWith(".headscope");
  const { value } = await FileDialog.getOpenFiles({
    manager,
    title: "Open a Capture",
    label: "Folders and saved captures, *.headscope",
    defaultPath: folder,
    filter: (file) => (isCapture(file) ? {} : null),
  });
  return (value ?? []).filter(isCapture).map(({ path }) => path); // with none chosen it is the folder
}

/** Makes a notebook in a folder; returns its path and its kernel's name. */
export async function makeNotebook({ contents, kernelspecs }: ServiceManager, folder: string) {
  await kernelspecs.ready;
  const kernel = pythonOf(kernelspecs.specs?.kernelspecs ?? {}, kernelspecs.specs?.default);
  const { path } = await contents.newUntitled({ path: folder, type: "notebook" });
  await contents.save(path, { type: "notebook", format: "json", content: starter(kernel) });
  return { path, kernel: { name: kernel.name } };
}

/** The kernel for Python that JupyterLab prefers, else any. */
function pythonOf(specs: Record<string, KernelSpec | undefined>, preferred = ""): KernelSpec {
  const found = [specs[preferred], ...Object.values(specs)].find((spec) => spec?.language === "python");
  if (found === undefined) throw new Error("this server has no kernel for Python, which headscope is written in.");
  return found;
}

/** Longer than any page takes. */
const MOST_MINUTES = 10;
const MESSAGE_BYTES = 4 << 20;

/**
 * Saves a view as a page, which Python makes: the kernel of a widget, or the server that has a file.
 *
 * @param connect Opens a line to that server; null where the view is of no file.
 */
export function savePage({ kind, model }: Shown, connect: () => WebSocket | null): Promise<void> {
  const saving = pageOf(kind, model, connect).then((page) => download(page, `${kind}.html`));
  Notification.promise(saving, {
    pending: { message: "Making the page …" },
    success: { message: () => "The page was saved with the browser's downloads.", options: { autoClose: 3000 } },
    error: { message: () => "The page was not made." },
  });
  return saving; // why not, the command tells
}

async function pageOf(kind: string, model: Traits, connect: () => WebSocket | null): Promise<Blob> {
  if (isLost(model)) throw new Error("its kernel was restarted. Run its cell again.");
  const names = [...Object.keys(START), ...Object.keys(DEFAULTS)];
  const traits = Object.fromEntries(names.map((name) => [name, model.get(name) ?? null]));
  const question = { op: "page", args: { kind, traits }, limit: MESSAGE_BYTES };
  const ending = new AbortController();
  const late = () => ending.abort(new Error(`there was no page after ${MOST_MINUTES} minutes. Is a cell running?`));
  const timer = setTimeout(late, MOST_MINUTES * 60_000);
  try {
    if ("send" in model) return await ask(model as unknown as Wire, question, ending.signal);
    const socket = connect();
    if (socket === null) throw new Error("this picture was saved with its notebook: run its cell first.");
    return await askOver(socket, question, ending);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the kernel of a widget was restarted: its own model is wrapped, but that of its layout, a widget too, is not. */
function isLost(model: Traits): boolean {
  return (model.get("layout") as { comm_live?: boolean } | undefined)?.comm_live === false;
}

/** Asks the server that has a file; a line that is closed ends the question. */
async function askOver(socket: WebSocket, question: Question, ending: AbortController): Promise<Blob> {
  try {
    const wire = await wireOf(socket);
    socket.onclose = () => ending.abort(new Error("the Jupyter server has closed the line."));
    return await ask(wire, question, ending.signal);
  } finally {
    socket.close();
  }
}

async function ask(wire: Wire, question: Question, signal: AbortSignal): Promise<Blob> {
  const { layer } = question.args.traits as { layer: number };
  const lines = new Lines();
  lines.add({ wire, closed: new AbortController().signal });
  let page: Blob | undefined;
  const answer = new Answer([layer], (_, sent) => {
    if (sent instanceof SourceError) throw sent;
    page = new Blob(sent.pieces as BlobPart[], { type: "text/html" });
  });
  await request(lines, question, answer, { signal });
  return page as Blob; // the answer is complete
}

/** Settles when the server has opened the file. */
function wireOf(socket: WebSocket): Promise<Wire> {
  const hearing = new Set<(content: unknown, buffers?: unknown) => void>();
  const wire: Wire = {
    on: (_, hear) => void hearing.add(hear),
    off: (_, hear) => void hearing.delete(hear),
    send: (content) => socket.send(JSON.stringify(content)),
  };
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.onclose = () => reject(new Error("the Jupyter server does not show this file."));
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") return reject(new Error(String(JSON.parse(data).message)));
      const { content, buffers } = readMessage(data);
      resolve(wire); // the first message says that it is open
      for (const hear of [...hearing]) hear(content, buffers);
    };
  });
}
