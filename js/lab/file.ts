/**
 * A saved capture of the Jupyter server, shown without a kernel: a small one is read here, by ranges; others by way of the
 * server's own answers (python/headscope/server/).
 */
import { bytesOfServer } from "../files/bytes.js";
import { OpenFile } from "../files/capture.js";
import { UnreadableFile } from "../files/container.js";
import { say } from "../files/notice.js";
import { type How, showCapture } from "../files/show.js";
import { asError } from "../store/loading.js";
import { endWidget, startWidget } from "../widget/runtime.js";
import { showView } from "../widget/view.js";
import { FileModel, type Opening, readMessage } from "./file_model.js";

const CLOSED = "The Jupyter server has closed this view's connection. Close the document and open it again.";

/** Files up to this size are read here, where no layer of them takes long to compute; the server computes for others. */
const SMALL = 32 << 20;

/** Where a file is. */
export interface Place {
  name: string;
  /** Opens the line to the server. */
  connect(): WebSocket;
  /** Asks the server for the file itself. */
  fetch(headers: Record<string, string>, signal: AbortSignal): Promise<Response>;
}

/** Shows a file in an element until the signal ends it; says so where it cannot be read. */
export async function showFile(el: HTMLElement, place: Place, how: How, until: AbortSignal): Promise<void> {
  const waiting = say(el, "status", "Opening the capture …", until);
  try {
    const file = await openSmall(place, until);
    if (file !== null) await showCapture(el, file, how, until);
    else if (!until.aborted) showByServer(el, place.connect, how, until);
  } catch (thrown) {
    if (!until.aborted) say(el, "alert", `headscope: ${asError(thrown).message}`, until);
  }
  waiting.remove();
}

/**
 * The file, where it can be read and computed here; null where the server has to.
 *
 * @throws UnreadableFile
 */
async function openSmall({ name, fetch }: Place, until: AbortSignal): Promise<OpenFile | null> {
  try {
    const bytes = await bytesOfServer(fetch, until);
    if (bytes === null || bytes.size > SMALL) return null;
    const file = await OpenFile.open(bytes, name, until);
    return file.isLight ? file : null;
  } catch (thrown) {
    if (thrown instanceof UnreadableFile) throw thrown;
    return null; // the other line tells what is wrong with this one
  }
}

function showByServer(el: HTMLElement, connect: () => WebSocket, how: How, until: AbortSignal): void {
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
      const traits = {
        ...traitsOf(message.content as Opening, message.buffers),
        kind: how.kind,
        layers_bytes: how.layersBytes,
      };
      model = new FileModel(traits, send, how);
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
