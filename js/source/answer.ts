import { bytesOf } from "./bytes.js";
import { SourceError } from "./source.js";

/** A message of an answer. */
export interface Message {
  v: unknown;
  id: unknown;
  kind: unknown;
  [field: string]: unknown;
}

/** What the kernel sends of one layer: a header, and the pieces of one payload, in order. Some may be the host's. */
export interface Sent {
  header: unknown;
  pieces: Uint8Array[];
}

/**
 * An answer about one or several layers, as far as it has come. Each layer is handed over once: when it is complete, or
 * as the error that stands in its place. What comes twice is ignored.
 */
export class Answer {
  readonly #missing: Set<number>;
  readonly #coming = new Map<number, Sent>();

  constructor(
    private readonly layers: readonly number[],
    private readonly onLayer: (layer: number, sent: Sent | SourceError) => void,
  ) {
    this.#missing = new Set(layers);
  }

  get isComplete(): boolean {
    return this.#missing.size === 0;
  }

  /** Takes one message; returns the share that has come. */
  take(message: Message, buffers: unknown): number {
    const layer = Number(message.layer);
    if (!this.#missing.has(layer)) return this.#share(0);
    if (message.kind === "refused") {
      this.#settle(layer, new SourceError(String(message.error), String(message.message)));
      return this.#share(0);
    }
    const sent = this.#coming.get(layer) ?? { header: null, pieces: [] };
    this.#coming.set(layer, sent);
    if (message.header) sent.header = message.header;
    const piece = bytesOf(Array.isArray(buffers) ? buffers[0] : undefined);
    // What is complete is read at once, and copied there; what has to wait must not stay the host's.
    sent.pieces[Number(message.index)] ??= message.of === 1 && sent.header !== null ? piece : piece.slice();
    const share = Object.keys(sent.pieces).length / Number(message.of); // missing pieces are no keys
    if (sent.header === null || share < 1) return this.#share(share);
    this.#settle(layer, sent);
    return this.#share(0);
  }

  #settle(layer: number, sent: Sent | SourceError): void {
    this.#missing.delete(layer);
    this.#coming.delete(layer);
    this.onLayer(layer, sent);
  }

  /** @param ofNext How much there is of the layer that is coming. */
  #share(ofNext: number): number {
    return (this.layers.length - this.#missing.size + ofNext) / this.layers.length;
  }
}
