/** The page of an editor: the explorer of the file that the extension reads for it. */
import { OpenFile } from "../files/capture.js";
import { say } from "../files/notice.js";
import { showCapture } from "../files/show.js";
import { asError } from "../store/loading.js";
import { Line } from "./line.js";

interface VsCode {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCode;

async function show(el: HTMLElement, until: AbortSignal): Promise<void> {
  const vscode = acquireVsCodeApi();
  const line = new Line((question) => vscode.postMessage(question));
  const waiting = say(el, "status", "Opening the capture …", until);
  try {
    const { size, name } = await line.ask(0, 0);
    const read = async (start: number, end: number) => (await line.ask(start, end)).bytes;
    const file = await OpenFile.open({ size, read }, name, until);
    const keep = (what: unknown) => vscode.setState(what);
    await showCapture(el, file, { kind: "explorer", before: vscode.getState(), keep }, until);
  } catch (thrown) {
    say(el, "alert", asError(thrown).message, until);
  }
  waiting.remove();
}

void show(document.body, new AbortController().signal); // as long as the page
