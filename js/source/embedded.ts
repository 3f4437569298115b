import { type LayerData, layerOf } from "./layer.js";
import { decode, type Header } from "./packet.js";
import { type Pictured, pool } from "./pooled.js";
import { type Following, type Source, SourceError, type ThumbnailQuestion, type Thumbnails } from "./source.js";

/** A layer that stands in a page, its payload in base64. */
export interface EmbeddedLayer {
  header: Header;
  payload: string;
}

/** What of a capture a page knows without its layers. */
export interface Contents {
  /** The tokens of the two axes of a part. */
  sides(part: string): { queries: Pictured; keys: Pictured };
  /** Why a layer is not there. */
  whyNot(part: string, layer: number): string;
}

type OnLayer = (layer: number, thumbnails: Thumbnails | SourceError) => void;

/** Answers from layers that stand in the page: no kernel, no server. Pictures of heads are made here. */
export class EmbeddedSource implements Source {
  readonly #read = new Map<string, LayerData>();
  readonly #pictures = new Map<string, Thumbnails>();

  constructor(
    private readonly layers: readonly EmbeddedLayer[],
    private readonly contents: Contents,
  ) {}

  peek(part: string, layer: number): LayerData | undefined {
    const name = `${part} ${layer}`;
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const found = this.layers.find(({ header }) => header.part === part && header.layer === layer);
    if (found === undefined) return undefined;
    const data = layerOf(decode(found.header, [fromBase64(found.payload)]));
    this.#read.set(name, data);
    return data;
  }

  async layer(part: string, layer: number): Promise<LayerData> {
    const data = this.peek(part, layer);
    if (data === undefined) throw new SourceError("RefusedLayer", this.contents.whyNot(part, layer));
    return data;
  }

  peekThumbnails(question: ThumbnailQuestion, layer: number): Thumbnails | undefined {
    return this.#pictures.get(nameOf(question, layer));
  }

  /** Makes one layer's pictures after the other, so that the page answers to its reader in between. */
  async thumbnails(
    question: ThumbnailQuestion,
    layers: readonly number[],
    { signal, onLayer }: Following & { onLayer: OnLayer },
  ): Promise<void> {
    for (const layer of layers) {
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
      onLayer(layer, this.#picture(question, layer));
    }
  }

  #picture(question: ThumbnailQuestion, layer: number): Thumbnails | SourceError {
    const { part, measure } = question;
    const data = this.peek(part, layer);
    if (data === undefined) return new SourceError("RefusedLayer", this.contents.whyNot(part, layer));
    if (measure === "value_norm" && data.valueNorms === null) {
      return new SourceError("UnknownProjection", data.valueNormReason);
    }
    const { queries, keys } = this.contents.sides(part);
    const known = this.peekThumbnails(question, layer) ?? pool(data, question, queries, keys);
    this.#pictures.set(nameOf(question, layer), known);
    return known;
  }
}

function nameOf({ part, size, measure, pair_filter, hide_special }: ThumbnailQuestion, layer: number): string {
  return [part, layer, size, measure, pair_filter, hide_special].join(" ");
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
