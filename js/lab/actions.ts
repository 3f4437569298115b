/** What the commands do: a part of its own, which is only loaded once one is called. */

import { Notification } from "@jupyterlab/apputils";
import type { IDocumentManager } from "@jupyterlab/docmanager";
import { FileDialog } from "@jupyterlab/filebrowser";
import type { KernelSpec, ServiceManager } from "@jupyterlab/services";
import { Answer } from "../source/answer.js";
import { Lines } from "../source/lines.js";
import { request } from "../source/request.js";
import { SourceError } from "../source/source.js";
import { START } from "../store/selection.js";
import { DEFAULTS } from "../store/settings.js";
import type { Shown } from "../views/mount.js";
import { download } from "../views/shared/download.js";
import type { WidgetModel } from "../widget/runtime.js";
import { starter } from "./starter.js";

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
const MOST_MS = 600_000;
const MESSAGE_BYTES = 4 << 20;

/** Saves a view as a page, which Python makes: its kernel, or the server that has the file. */
export function savePage({ kind, model }: Shown): Promise<void> {
  const saving = pageOf(kind, model as WidgetModel).then((page) => download(page, `${kind}.html`));
  Notification.promise(saving, {
    pending: { message: "Making the page …" },
    success: { message: () => "The page was saved with the browser's downloads.", options: { autoClose: 3000 } },
    error: { message: (thrown) => `The page cannot be made: ${thrown instanceof Error ? thrown.message : thrown}` },
  });
  return saving.catch(() => {}); // has been told
}

async function pageOf(kind: string, model: WidgetModel): Promise<Blob> {
  const names = [...Object.keys(START), ...Object.keys(DEFAULTS)];
  const traits = Object.fromEntries(names.map((name) => [name, model.get(name) ?? null]));
  const lines = new Lines();
  const signal = AbortSignal.timeout(MOST_MS);
  lines.add({ wire: model, closed: new AbortController().signal });
  let page: Blob | undefined;
  const answer = new Answer([Number(model.get("layer"))], (_, sent) => {
    if (sent instanceof SourceError) throw sent;
    page = new Blob(sent.pieces as BlobPart[], { type: "text/html" });
  });
  await request(lines, { op: "page", args: { kind, traits }, limit: MESSAGE_BYTES }, answer, { signal });
  return page as Blob; // the answer is complete
}
