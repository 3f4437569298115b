import { KernelSource } from "../../js/source/kernel.js";
import { Lines, type Wire } from "../../js/source/lines.js";
import type { Packed } from "../browser/page/pack.js";

type Callback = (content: unknown, buffers?: unknown) => void;
type Sent = { v: number; id: string; kind: string; op: string; args: Record<string, unknown>; limit: number };

/** A wire that records what is sent; the test is the kernel. */
export class Line implements Wire {
  readonly sent: Sent[] = [];
  readonly listeners: Callback[] = [];
  on(_: string, callback: Callback): void {
    this.listeners.push(callback);
  }
  off(_: string, callback: Callback): void {
    this.listeners.splice(this.listeners.indexOf(callback), 1);
  }
  send(content: unknown): void {
    this.sent.push(content as Sent);
  }
  deliver(content: unknown, buffers?: unknown): void {
    for (const listener of [...this.listeners]) listener(content, buffers);
  }
  /** Delivers one of the pieces that a layer, or its pictures, are cut into. */
  chunk({ header, payload }: Packed<{ layer: number }>, index = 0, of = 1, id = this.sent[0].id): void {
    const size = Math.ceil(payload.byteLength / of);
    const piece = payload.slice(index * size, (index + 1) * size);
    const content = { v: 1, id, kind: "chunk", layer: header.layer, index, of, ...(index === 0 ? { header } : {}) };
    this.deliver(content, [new DataView(piece.buffer)]);
    piece.fill(0xff); // a host may use its memory again
  }
}

/** A source that asks over one wire, which stays open. */
export function sourceOver(wire: Wire, inVsCode = false): KernelSource {
  const lines = new Lines();
  lines.add({ wire, closed: new AbortController().signal });
  return new KernelSource(lines, inVsCode);
}
