import type { Answer, Message } from "./answer.js";
import type { Line, Lines } from "./lines.js";
import { type Following, type OnProgress, SourceError } from "./source.js";

/** The version of the protocol that both sides must speak; python/headscope/widgets/protocol.py is the other. */
export const VERSION = 1;
/** Silence after which a request is sent again, under the same id; doubled each time. */
export const RETRY_MS = 20_000;

export interface Question {
  op: string;
  args: Record<string, unknown>;
  /** Most bytes of one message of the answer. */
  limit: number;
}

/**
 * Asks one question until its answer is complete, over another line where the one in use is closed.
 *
 * Messages may be lost (a server drops them when a loop prints too much), so silence leads to the same request again.
 */
export async function request(lines: Lines, question: Question, answer: Answer, following: Following): Promise<void> {
  while (!answer.isComplete) await requestOver(lines.any(), question, answer, following);
}

/** Settles when the answer is complete, has failed, or when the line is closed. */
function requestOver({ wire, closed }: Line, question: Question, answer: Answer, following: Following): Promise<void> {
  const { signal, onProgress } = following;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    if (wire.send === undefined) return reject(new SourceError("NoKernel", "This page has no kernel to ask."));
    const id = uniqueId();
    const ask = () => {
      try {
        wire.send?.({ v: VERSION, id, kind: "request", ...question });
      } catch (error) {
        end(() => reject(error)); // the host has closed the line
      }
    };
    const retry = retrying(ask);
    const end = (settle: () => void) => {
      retry.stop();
      wire.off("msg:custom", receive);
      signal.removeEventListener("abort", abort);
      closed.removeEventListener("abort", hangUp);
      settle();
    };
    const hangUp = () => end(resolve);
    const abort = () => {
      end(() => reject(signal.reason));
      wire.send?.({ v: VERSION, id, kind: "cancel" });
    };
    // Nothing may escape from here: an exception in one listener keeps the host from calling the others.
    const receive = (content: unknown, buffers?: unknown) => {
      if (!isMessage(content) || content.id !== id) return;
      retry.restart();
      try {
        take(content, buffers, answer, onProgress);
        if (answer.isComplete) end(resolve);
      } catch (error) {
        end(() => reject(error));
      }
    };
    wire.on("msg:custom", receive);
    signal.addEventListener("abort", abort);
    closed.addEventListener("abort", hangUp);
    ask();
  });
}

function take(message: Message, buffers: unknown, answer: Answer, onProgress?: OnProgress): void {
  if (message.v !== VERSION) throw otherVersion(message.v);
  if (message.kind === "error") throw new SourceError(String(message.error), String(message.message));
  const left = message.seconds_left;
  if (message.kind === "progress") onProgress?.(Number(message.done), typeof left === "number" ? left : undefined);
  if (message.kind !== "chunk" && message.kind !== "refused") return;
  const share = answer.take(message, buffers);
  onProgress?.(share);
}

/** Calls again and again, after ever longer silence. */
function retrying(again: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = RETRY_MS;
  const stop = () => clearTimeout(timer);
  const restart = () => {
    stop();
    timer = setTimeout(() => {
      waitMs *= 2;
      restart();
      again();
    }, waitMs);
  };
  restart();
  return { restart, stop };
}

function isMessage(content: unknown): content is Message {
  return typeof content === "object" && content !== null && "kind" in content && "id" in content;
}

function otherVersion(v: unknown): SourceError {
  const message = `The page speaks version ${VERSION} of headscope's protocol, the kernel ${String(v)}.`;
  return new SourceError("OtherVersion", `${message} Restart the kernel or reload the page.`);
}

/** Not crypto.randomUUID: it is missing where a notebook server is reached over plain http. */
function uniqueId(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}
