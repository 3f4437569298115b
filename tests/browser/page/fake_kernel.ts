import type { LinksQuestion } from "../../../js/source/links.js";
import type { ThumbnailQuestion, TileQuestion } from "../../../js/source/source.js";
import type { Packed } from "./pack.js";
import type { Synthetic } from "./synthetic.js";

/** How the kernel behind a fake model behaves. */
export type Manners = "prompt" | "silent" | "failing" | "other version";

type LayerArguments = { part: string; layer: number };
type ThumbnailArguments = ThumbnailQuestion & { layers: number[] };
type LinksArguments = LinksQuestion & { layers: number[] };

interface Request {
  id: string;
  kind: string;
  op: string;
  args: LayerArguments | ThumbnailArguments | LinksArguments | TileQuestion;
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
    private readonly capture: Pick<Synthetic, "packet" | "thumbnails" | "links" | "tile" | "refusal">,
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
    const what = "layer" in args ? `layer ${args.layer}` : `layers ${args.layers.join()}`;
    const message = `${what} cannot be computed: <b>no</b> such mechanism`;
    if (this.manners === "other version") this.deliver({ v: 2, id, kind: "chunk" });
    else if (this.manners === "failing") this.deliver({ v: 1, id, kind: "error", error: "RefusedLayer", message });
    else if ("head" in args) this.#send(id, args.layer, this.capture.tile(args), limit);
    else if ("layer" in args) this.#send(id, args.layer, this.capture.packet(args.layer, args.part), limit);
    else for (const layer of args.layers) this.#sendOneOf(id, args, layer, limit);
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
