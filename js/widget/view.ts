import { asError } from "../store/loading.js";
import { mountView } from "../views/mount.js";
import type { Kind } from "../views/shared/frame_state.js";
import { storeOf, type WidgetModel } from "./runtime.js";

/** Shows the view of a model in an element. A cell is never left blank: if that fails, it says why. */
export function showView(model: WidgetModel, el: HTMLElement, until: AbortSignal): void {
  try {
    mountView(el, storeOf(model), (model.get("kind") ?? "head") as Kind, until);
  } catch (thrown) {
    el.append(asText(asError(thrown)));
  }
}

function asText(error: Error): HTMLElement {
  const box = document.createElement("pre");
  box.setAttribute("role", "alert");
  box.style.cssText = "white-space:pre-wrap;padding:8px 12px;background:#fff;color:#a3121f";
  box.textContent = `headscope stumbled: ${error.message}\n\n${error.stack ?? ""}`;
  return box;
}
