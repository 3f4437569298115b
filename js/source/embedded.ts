import { unpack } from "./ascii.js";
import { ComputedSource } from "./computed.js";
import { withAllHeads } from "./kept_heads.js";
import { type LayerData, layerOf } from "./layer.js";
import { decode, type Header } from "./packet.js";
import type { Pictured } from "./pooled.js";
import { RoundedLayer } from "./rounded_layer.js";
import { type ShortHeader, ShortLayer } from "./short.js";
import { SourceError, type ThumbnailQuestion, type Thumbnails } from "./source.js";

/** A layer that stands in a page, its payload as `unpack` reads it. */
export interface EmbeddedLayer {
  header: Header | ShortHeader;
  payload: string;
}

/** What of a capture a page knows without its layers. */
export interface Contents {
  /** The tokens of the two axes of a part. */
  sides(part: string): { queries: Pictured; keys: Pictured };
  /** Why a layer is not there. */
  whyNot(part: string, layer: number): string;
  /** Pictures that stand there too, of layers that may not. */
  pictures?: { question: ThumbnailQuestion; layers: readonly Thumbnails[] };
}

/** Answers from layers that stand in the page: no kernel, no server. Pictures of heads are made here. */
export class EmbeddedSource extends ComputedSource {
  readonly #read = new Map<string, LayerData>();
  readonly #reading = new Map<string, Promise<LayerData>>();

  constructor(
    private readonly layers: readonly EmbeddedLayer[],
    private readonly contents: Contents,
  ) {
    super();
    for (const one of contents.pictures?.layers ?? []) {
      if (contents.pictures !== undefined) this.keepThumbnails(contents.pictures.question, one);
    }
  }

  peek(part: string, layer: number): LayerData | undefined {
    return this.#read.get(`${part} ${layer}`);
  }

  async layer(part: string, layer: number): Promise<LayerData> {
    const name = `${part} ${layer}`;
    const reading = this.#reading.get(name) ?? this.#unpack(part, layer);
    this.#reading.set(name, reading);
    const data = await reading;
    this.#read.set(name, data);
    return data;
  }

  async #unpack(part: string, layer: number): Promise<LayerData> {
    const found = this.layers.find(({ header }) => header.part === part && header.layer === layer);
    if (found === undefined) throw new SourceError("RefusedLayer", this.contents.whyNot(part, layer));
    const { header, payload } = withAllHeads(found.header, await unpack(found.payload, found.header.bytes));
    if (header.form === "short") return new ShortLayer(header, payload);
    const packet = decode(header, [payload]);
    return header.rounding === undefined ? layerOf(packet) : new RoundedLayer(packet, header.rounding);
  }

  protected sides(part: string): { queries: Pictured; keys: Pictured } {
    return this.contents.sides(part);
  }

  /** Of a layer of which some heads were left out, rather a picture of all, if of another size. */
  override peekThumbnails(question: ThumbnailQuestion, layer: number): Thumbnails | undefined {
    const isPart = this.layers.some(
      ({ header }) => header.kept && header.part === question.part && header.layer === layer,
    );
    return (isPart ? this.#cameAlong(question, layer) : undefined) ?? super.peekThumbnails(question, layer);
  }

  protected async standIn(question: ThumbnailQuestion, layer: number): Promise<Thumbnails | undefined> {
    return this.#cameAlong(question, layer);
  }

  /** A picture of the same, if of another size: better than none. */
  #cameAlong(question: ThumbnailQuestion, layer: number): Thumbnails | undefined {
    const size = this.contents.pictures?.question.size ?? question.size;
    return super.peekThumbnails({ ...question, size }, layer);
  }
}
