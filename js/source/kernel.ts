import { Cache } from "./cache.js";
import { type LayerData, layerOf } from "./layer.js";
import { request, type Wire } from "./request.js";
import type { Following, Source, Thumbnails } from "./source.js";

const LAYERS_BYTES = 64 << 20;
const MESSAGE_BYTES = 4 << 20;
/** VS Code turns every byte of a message into a number of its own. */
const MESSAGE_BYTES_VSCODE = 1 << 20;

/** Answers from the kernel, through custom messages of a widget's model. Keeps the layers used last. */
export class KernelSource implements Source {
  readonly #layers = new Cache<string, LayerData>(LAYERS_BYTES);

  /**
   * @param first A layer that came along with the widget, so that the first picture needs no answer.
   * @param inVsCode Whether the host is VS Code.
   */
  constructor(
    private readonly wire: Wire,
    first: LayerData | null,
    private readonly inVsCode: boolean,
  ) {
    if (first !== null) this.#keep(first);
  }

  peek(part: string, layer: number): LayerData | undefined {
    return this.#layers.get(name(part, layer));
  }

  async layer(part: string, layer: number, following: Following): Promise<LayerData> {
    const known = this.peek(part, layer);
    if (known !== undefined) return known;
    const limit = this.inVsCode ? MESSAGE_BYTES_VSCODE : MESSAGE_BYTES;
    const packet = await request(this.wire, { op: "layer", args: { part, layer }, limit }, following);
    const data = layerOf(packet);
    this.#keep(data);
    return data;
  }

  peekThumbnails(): Thumbnails | undefined {
    return undefined;
  }

  async thumbnails(): Promise<void> {}

  #keep(data: LayerData): void {
    this.#layers.set(name(data.part, data.layer), data, data.bytes);
  }
}

function name(part: string, layer: number): string {
  return `${part} ${layer}`;
}
