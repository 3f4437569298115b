/** The picture that was saved with a notebook, and the views that draw it: only loaded where there is one to show. */
import { mountEmbedded } from "../page/embedded_view.js";
import { asError } from "../store/loading.js";
import { readSaved } from "./read.js";

/** Shows it in an element until the signal ends it; says so where it cannot be read. */
export async function showSaved(el: HTMLElement, head: unknown, html: unknown, until: AbortSignal): Promise<void> {
  const box = document.createElement("div");
  el.append(box);
  until.addEventListener("abort", () => box.remove());
  try {
    await mountEmbedded(box, readSaved(head, html), until);
  } catch (thrown) {
    box.setAttribute("role", "alert");
    box.style.cssText = "padding:8px;color:var(--jp-error-color1)";
    box.textContent = `headscope: ${asError(thrown).message}`;
  }
}
