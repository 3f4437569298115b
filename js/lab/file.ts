/** A saved capture, shown by way of the Jupyter server that has the file: no kernel (python/headscope/server/). */
import { asError } from "../store/loading.js";
import type { Kind } from "../views/shared/frame_state.js";
import { endWidget, startWidget } from "../widget/runtime.js";
import { showView } from "../widget/view.js";
import { FileModel, type Memory, type Opening, readMessage } from "./file_model.js";

const CLOSED = "The Jupyter server has closed this view's connection. Close the document and open it again.";

/**
 * Shows a file in an element until the signal ends it; says so where it cannot be read.
 *
 * @param connect Opens the line to the server.
 * @param how Which view it is; where it was left, and what keeps where it is.
 */
export function showFile(
  el: HTMLElement,
  connect: () => WebSocket,
  how: { kind: Kind; before: unknown; keep: Memory["keep"] },
  until: AbortSignal,
): void {
  let model: FileModel | undefined;
  const waiting = say(el, "status", "Opening the capture …", until);
  const fail = (error: Error) => {
    waiting.remove();
    say(el, "alert", `headscope: ${error.message}`, until);
  };
  try {
    const socket = connect();
    socket.binaryType = "arraybuffer";
    const send = (content: unknown) => socket.send(JSON.stringify(content));
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") return fail(new Error(String(JSON.parse(data).message)));
      const message = readMessage(data);
      if (model !== undefined) return model.hear(message);
      waiting.remove();
      const traits = { ...traitsOf(message.content as Opening, message.buffers), kind: how.kind };
      model = new FileModel(traits, send, how.before, how.keep);
      open(el, model, until);
    };
    socket.onclose = () => {
      if (until.aborted) return;
      if (model !== undefined) model.set("error", CLOSED);
      else if (waiting.isConnected) fail(new Error("the Jupyter server does not show this file."));
    };
    until.addEventListener("abort", () => socket.close());
  } catch (thrown) {
    fail(asError(thrown));
  }
}

function open(el: HTMLElement, model: FileModel, until: AbortSignal): void {
  startWidget(model);
  until.addEventListener("abort", () => endWidget(model));
  const box = document.createElement("div");
  el.append(box);
  until.addEventListener("abort", () => box.remove());
  showView(model, box, until);
}

function traitsOf({ traits }: Opening, [first, pictures]: Uint8Array[]): Record<string, unknown> {
  return { ...traits, first_data: first, first_thumbnails_data: pictures };
}

function say(el: HTMLElement, role: "status" | "alert", text: string, until: AbortSignal): HTMLElement {
  const box = document.createElement("div");
  box.setAttribute("role", role);
  box.style.cssText = `padding:8px;color:var(${role === "alert" ? "--jp-error-color1" : "--jp-ui-font-color2"})`;
  box.textContent = text;
  el.append(box);
  until.addEventListener("abort", () => box.remove());
  return box;
}
