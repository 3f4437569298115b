import { bytesOf } from "./bytes.js";
import { decode, type Header, type Packet } from "./packet.js";
import { type Following, SourceError } from "./source.js";

/** The version of the protocol that both sides must speak; python/headscope/widgets/protocol.py is the other. */
export const VERSION = 1;
/** Silence after which a request is sent again, under the same id; doubled each time. */
export const RETRY_MS = 20_000;

/** The half of a widget's model that carries messages. */
export interface Wire {
  on(event: "msg:custom", callback: (content: unknown, buffers?: unknown) => void): void;
  off(event: "msg:custom", callback: (content: unknown, buffers?: unknown) => void): void;
  /** Absent on a page without a kernel. */
  send?(content: unknown): void;
}

export interface Question {
  op: string;
  args: Record<string, unknown>;
  /** Most bytes of one message of the answer. */
  limit: number;
}

interface Message {
  v: unknown;
  id: unknown;
  kind: unknown;
  [field: string]: unknown;
}

/**
 * Asks one question and collects the pieces of its answer.
 *
 * Messages may be lost (a server drops them when a loop prints too much), so silence leads to the same request again,
 * and pieces that come twice are ignored.
 */
export function request(wire: Wire, question: Question, { signal, onProgress }: Following): Promise<Packet> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    if (wire.send === undefined) return reject(new SourceError("NoKernel", "This page has no kernel to ask."));
    const id = uniqueId();
    const answer = new Answer();
    const ask = () => {
      try {
        wire.send?.({ v: VERSION, id, kind: "request", ...question });
      } catch (error) {
        end(() => reject(error)); // the host has closed the line
      }
    };
    const retry = new Retry(ask);
    const end = (settle: () => void) => {
      retry.stop();
      wire.off("msg:custom", receive);
      signal.removeEventListener("abort", abort);
      settle();
    };
    const abort = () => {
      end(() => reject(signal.reason));
      wire.send?.({ v: VERSION, id, kind: "cancel" });
    };
    // Nothing may escape from here: an exception in one listener keeps the host from calling the others.
    const receive = (content: unknown, buffers?: unknown) => {
      if (!isMessage(content) || content.id !== id) return;
      retry.restart();
      try {
        const packet = answer.take(content, buffers, onProgress);
        if (packet !== null) end(() => resolve(packet));
      } catch (error) {
        end(() => reject(error));
      }
    };
    wire.on("msg:custom", receive);
    signal.addEventListener("abort", abort);
    ask();
  });
}

/** The pieces of an answer, as far as they have come. */
class Answer {
  #header: Header | null = null;
  readonly #pieces: Uint8Array[] = [];

  /** Takes one message; returns the packet with the last missing piece, else null. */
  take(message: Message, buffers: unknown, onProgress?: (done: number) => void): Packet | null {
    if (message.v !== VERSION) throw otherVersion(message.v);
    if (message.kind === "error") throw new SourceError(String(message.error), String(message.message));
    if (message.kind === "progress") onProgress?.(Number(message.done));
    if (message.kind !== "chunk") return null;
    const index = Number(message.index);
    if (message.header) this.#header = message.header as Header;
    this.#pieces[index] ??= bytesOf(Array.isArray(buffers) ? buffers[0] : undefined).slice();
    const received = Object.keys(this.#pieces).length;
    onProgress?.(received / Number(message.of));
    return this.#header !== null && received === message.of ? decode(this.#header, this.#pieces) : null;
  }
}

/** Calls again and again, after ever longer silence. */
class Retry {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitMs = RETRY_MS;

  constructor(private readonly again: () => void) {
    this.restart();
  }

  restart(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#waitMs *= 2;
      this.restart();
      this.again();
    }, this.#waitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
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
