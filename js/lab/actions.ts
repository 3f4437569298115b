/** What the commands do: a part of its own, which is only loaded once one is called. */

import type { IDocumentManager } from "@jupyterlab/docmanager";
import { FileDialog } from "@jupyterlab/filebrowser";
import type { KernelSpec, ServiceManager } from "@jupyterlab/services";
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
