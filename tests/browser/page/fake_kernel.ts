import type { Header } from "../../../js/source/packet.js";

/** How the kernel behind a fake model behaves. */
export type Manners = "prompt" | "silent" | "failing" | "other version";

interface Request {
  id: string;
  kind: string;
  args: { layer: number };
  limit: number;
}

export interface Packed {
  header: Header;
  payload: Uint8Array;
}

type Deliver = (content: unknown, buffers?: DataView[]) => void;

/** Answers requests as python/headscope/widgets/protocol.py does. */
export class FakeKernel {
  manners: Manners = "prompt";
  /** All that the page has sent. */
  readonly received: Request[] = [];
  #waiting: Request[] = [];

  constructor(
    private readonly packet: (layer: number) => Packed,
    private readonly deliver: Deliver,
  ) {}

  receive(content: unknown): void {
    const request = content as Request;
    this.received.push(request);
    if (request.kind === "cancel") this.#waiting = this.#waiting.filter(({ id }) => id !== request.id);
    else if (this.manners === "silent") this.#waiting.push(request);
    else setTimeout(() => this.#answer(request));
  }

  /** Ends the silence. */
  wake(): void {
    this.manners = "prompt";
    for (const request of this.#waiting.splice(0)) this.#answer(request);
  }

  #answer({ id, args, limit }: Request): void {
    const message = `layer ${args.layer} cannot be computed: <b>no</b> such mechanism`;
    if (this.manners === "other version") this.deliver({ v: 2, id, kind: "chunk" });
    else if (this.manners === "failing") this.deliver({ v: 1, id, kind: "error", error: "RefusedLayer", message });
    else this.#send(id, args.layer, limit);
  }

  #send(id: string, layer: number, limit: number): void {
    const { header, payload } = this.packet(layer);
    const size = Math.min(limit, 1 << 16);
    const of = Math.ceil(payload.byteLength / size);
    for (let index = 0; index < of; index++) {
      const piece = payload.slice(index * size, (index + 1) * size);
      const chunk = { v: 1, id, kind: "chunk", index, of, ...(index === 0 ? { header } : {}) };
      this.deliver(chunk, [new DataView(piece.buffer)]);
    }
  }
}
