import type { LinksQuestion } from "../../../js/source/links.js";
import type { ThumbnailQuestion, TileQuestion } from "../../../js/source/source.js";
import type { Packed } from "./pack.js";
import { isSlice, type SliceArguments, sliceOf } from "./slices.js";
import type { Synthetic } from "./synthetic.js";

/** How the kernel behind a fake model behaves. One that is "losing" hears only what is asked again. */
export type Manners = "prompt" | "silent" | "failing" | "other version" | "losing";

type LayerArguments = { part: string; layer: number };
type ThumbnailArguments = ThumbnailQuestion & { layers: number[] };
type LinksArguments = LinksQuestion & { layers: number[] };

interface Request {
  id: string;
  kind: string;
  op: string;
  args: LayerArguments | ThumbnailArguments | LinksArguments | TileQuestion | SliceArguments | { side: number };
  limit: number;
}

type Deliver = (content: unknown, buffers?: DataView[]) => void;

/** Answers requests as python/headscope/widgets/protocol.py does. */
export class FakeKernel {
  manners: Manners = "prompt";
  /** All that the page has sent. */
  readonly received: Request[] = [];
  #waiting: Request[] = [];

  constructor(
    private readonly capture: Synthetic,
    private readonly deliver: Deliver,
  ) {}

  receive(content: unknown): void {
    const request = content as Request;
    const isLost = this.manners === "losing" && !this.received.some(({ id }) => id === request.id);
    this.received.push(request);
    if (isLost) return;
    if (request.kind === "cancel") this.#waiting = this.#waiting.filter(({ id }) => id !== request.id);
    else if (this.manners === "silent") this.#waiting.push(request);
    else setTimeout(() => this.#answer(request));
  }

  /** Ends the silence. */
  wake(): void {
    this.manners = "prompt";
    for (const request of this.#waiting.splice(0)) this.#answer(request);
  }

  /** Tells of how far those answers are that are waited for. */
  tell(progress: { done: number; seconds_left?: number | null }): void {
    for (const { id } of this.#waiting) this.deliver({ v: 1, id, kind: "progress", ...progress });
  }

  #answer({ id, op, args, limit }: Request): void {
    const what = "side" in args ? args.side : "layer" in args ? `layer ${args.layer}` : `layers ${args.layers.join()}`;
    const message = `${what} cannot be computed: <b>no</b> such mechanism`;
    if (this.manners === "other version") this.deliver({ v: 2, id, kind: "chunk" });
    else if (this.manners === "failing") this.deliver({ v: 1, id, kind: "error", error: "RefusedLayer", message });
    else if ("side" in args) this.#send(id, args.side, tokensOf(this.capture, args.side), limit);
    else if (isSlice(op)) this.#sendSlice(id, op, args as SliceArguments, limit);
    else if ("head" in args) this.#send(id, args.layer, this.capture.tile(args), limit);
    else if ("layer" in args) this.#send(id, args.layer, this.capture.packet(args.layer, args.part), limit);
    else for (const layer of args.layers) this.#sendOneOf(id, args, layer, limit);
  }

  #sendSlice(id: string, op: string, args: SliceArguments, limit: number): void {
    this.#send(id, args.layer, sliceOf(op, this.capture.terms(args.layer, args.part), args), limit);
  }

  #sendOneOf(id: string, question: ThumbnailQuestion | LinksQuestion, layer: number, limit: number): void {
    const refusal = this.capture.refusal(layer, question.part);
    const make = () =>
      "size" in question ? this.capture.thumbnails(question, layer) : this.capture.links(question, layer);
    if (refusal === "") this.#send(id, layer, make(), limit);
    else this.deliver({ v: 1, id, kind: "refused", layer, error: "RefusedLayer", message: refusal });
  }

  #send(id: string, layer: number, { header, payload }: Packed<unknown>, limit: number): void {
    const size = Math.min(limit, 1 << 16);
    const of = Math.max(1, Math.ceil(payload.byteLength / size));
    for (let index = 0; index < of; index++) {
      const piece = payload.slice(index * size, (index + 1) * size);
      const chunk = { v: 1, id, kind: "chunk", layer, index, of, ...(index === 0 ? { header } : {}) };
      this.deliver(chunk, [new DataView(piece.buffer)]);
    }
  }
}

/** An axis as JSON in UTF-8. */
function tokensOf({ meta }: Synthetic, side: number): Packed<{ v: number; layer: number; bytes: number }> {
  const payload = new TextEncoder().encode(JSON.stringify(meta.sides[side]));
  return { header: { v: 1, layer: side, bytes: payload.byteLength }, payload };
}
