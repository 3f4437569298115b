/** A file, shown in an element: no kernel, no server that computes. */
import { PageModel } from "../page/model.js";
import { asError } from "../store/loading.js";
import type { Meta } from "../store/meta.js";
import { range, type Selection, START } from "../store/selection.js";
import { DEFAULTS } from "../store/settings.js";
import { Store } from "../store/store.js";
import { mountView } from "../views/mount.js";
import type { RangedBytes } from "./bytes.js";
import { OpenFile } from "./capture.js";
import { FileSource } from "./source.js";

/** What is selected of a capture at first; as in python/headscope/widgets/selection.py. */
function startOf({ parts: [part] }: Meta): Selection {
  const { layer, heads } = part.layers.find((one) => one.heads > 0) ?? part.layers[0];
  return { ...START, part: part.name, layer, heads: range(heads), head: heads > 0 ? 0 : null, scale: "model" };
}

/** The traits of an explorer of a capture, by name. */
export function traitsOf(meta: Meta): Record<string, unknown> {
  return { kind: "explorer", meta, error: "", ...startOf(meta), ...DEFAULTS };
}

/**
 * Opens a file and shows its explorer in an element until the signal ends it; says so where it cannot be read.
 *
 * @param open Finds the file, each time that it is called anew.
 * @param name What the reader calls it.
 */
export async function showFile(
  el: HTMLElement,
  open: (signal: AbortSignal) => Promise<RangedBytes>,
  name: string,
  until: AbortSignal,
): Promise<void> {
  const waiting = say(el, "status", "Opening the capture …");
  try {
    const file = await OpenFile.open(await open(until), name, until);
    waiting.remove();
    mountView(el, new Store(new PageModel(traitsOf(file.meta)), new FileSource(file), until), "explorer", until);
  } catch (thrown) {
    waiting.remove();
    if (!until.aborted) say(el, "alert", asError(thrown).message);
  }
}

function say(el: HTMLElement, role: "status" | "alert", text: string): HTMLElement {
  const box = document.createElement("div");
  box.setAttribute("role", role);
  box.className = "headscope-notice";
  box.textContent = text;
  el.append(box);
  return box;
}
