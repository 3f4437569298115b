import type { Store } from "../../store/store.js";
import { codeOf } from "./code.js";
import type { FrameState } from "./frame_state.js";

/** As long as one looks where one has clicked. */
const SAID_MS = 2000;

/** Puts the lines that reproduce the view on the clipboard; where that is forbidden, in a box to copy them from. */
export async function copyCode(store: Store, frame: FrameState): Promise<void> {
  const { meta, layerMeta, selection, settings } = store;
  const code = codeOf(meta, layerMeta.peek().heads, selection.peek(), settings.peek());
  const isCopied = await copied(code);
  frame.code.value = isCopied ? null : code;
  frame.said.value = isCopied ? "Copied" : "";
  setTimeout(() => {
    frame.said.value = "";
  }, SAID_MS);
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text); // a page that is not secure has no clipboard at all
    return true;
  } catch {
    return copiedByCommand(text);
  }
}

/** The old way, which needs a selection; it works in pages and frames that are denied the new one. */
function copiedByCommand(text: string): boolean {
  const before = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
  const box = document.createElement("textarea");
  box.value = text;
  box.style.cssText = "position:fixed;top:0;opacity:0";
  document.body.append(box);
  box.select();
  const isDone = document.execCommand?.("copy") ?? false;
  box.remove();
  if (before instanceof HTMLElement) before.focus();
  return isDone;
}
