import { unpack } from "./ascii.js";
import { Cache } from "./cache.js";
import { type LayerData, layerOf } from "./layer.js";
import { type LinksQuestion, linksIn, type OnLinks } from "./links.js";
import { decode, type Header } from "./packet.js";
import { type Pictured, pool } from "./pooled.js";
import { RoundedLayer } from "./rounded_layer.js";
import { type ShortHeader, ShortLayer } from "./short.js";
import {
  type Following,
  type Source,
  SourceError,
  type ThumbnailQuestion,
  type Thumbnails,
  type Tile,
  type TileQuestion,
} from "./source.js";
import { nameOfTile, poolTile } from "./tiles.js";

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

const TILES_BYTES = 16 << 20;

type OnLayer = (layer: number, thumbnails: Thumbnails | SourceError) => void;

/** Answers from layers that stand in the page: no kernel, no server. Pictures of heads are made here. */
export class EmbeddedSource implements Source {
  readonly #read = new Map<string, LayerData>();
  readonly #reading = new Map<string, Promise<LayerData>>();
  readonly #pictures = new Map<string, Thumbnails>();
  readonly #tiles = new Cache<string, Tile>(TILES_BYTES);

  constructor(
    private readonly layers: readonly EmbeddedLayer[],
    private readonly contents: Contents,
  ) {
    if (contents.pictures === undefined) return;
    const { question, layers: pictures } = contents.pictures;
    for (const one of pictures) this.#pictures.set(nameOf(question, one.layer), one);
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
    const { header } = found;
    const payload = await unpack(found.payload, header.bytes);
    if (header.form === "short") return new ShortLayer(header, payload);
    const packet = decode(header, [payload]);
    return header.rounding === undefined ? layerOf(packet) : new RoundedLayer(packet, header.rounding);
  }

  peekThumbnails(question: ThumbnailQuestion, layer: number): Thumbnails | undefined {
    return this.#pictures.get(nameOf(question, layer));
  }

  async thumbnails(
    question: ThumbnailQuestion,
    layers: readonly number[],
    { signal, onLayer }: Following & { onLayer: OnLayer },
  ): Promise<void> {
    await oneByOne(layers, signal, async (layer) => onLayer(layer, await this.#picture(question, layer)));
  }

  async links(
    question: LinksQuestion,
    layers: readonly number[],
    { signal, onLayer }: Following & { onLayer: OnLinks },
  ): Promise<void> {
    await oneByOne(layers, signal, async (layer) => {
      const data = await this.#layerOrWhyNot(question.part, layer);
      onLayer(layer, data instanceof SourceError ? data : linksIn(data, question));
    });
  }

  #layerOrWhyNot(part: string, layer: number): Promise<LayerData | SourceError> {
    return this.layer(part, layer).catch((error: SourceError) => error);
  }

  peekTile(question: TileQuestion): Tile | undefined {
    return this.#tiles.get(nameOfTile(question));
  }

  async tile(question: TileQuestion, { signal }: Following): Promise<Tile> {
    const data = await this.layer(question.part, question.layer);
    if (question.measure === "value_norm" && data.valueNorms === null) {
      throw new SourceError("UnknownProjection", data.valueNormReason);
    }
    const tile = await poolTile(data, question, signal);
    this.#tiles.set(nameOfTile(question), tile, tile.cells.byteLength);
    return tile;
  }

  async #picture(question: ThumbnailQuestion, layer: number): Promise<Thumbnails | SourceError> {
    const { part, measure } = question;
    const data = await this.#layerOrWhyNot(part, layer);
    if (data instanceof SourceError) return this.#cameAlong(question, layer) ?? data;
    if (measure === "value_norm" && data.valueNorms === null) {
      return new SourceError("UnknownProjection", data.valueNormReason);
    }
    const { queries, keys } = this.contents.sides(part);
    const known = this.peekThumbnails(question, layer) ?? pool(data, question, queries, keys);
    this.#pictures.set(nameOf(question, layer), known);
    return known;
  }

  /** A picture of the same, if of another size: better than none. */
  #cameAlong(question: ThumbnailQuestion, layer: number): Thumbnails | undefined {
    const size = this.contents.pictures?.question.size ?? question.size;
    return this.peekThumbnails({ ...question, size }, layer);
  }
}

/** One layer after the other, so that the page answers to its reader in between. */
async function oneByOne(
  layers: readonly number[],
  signal: AbortSignal,
  act: (layer: number) => Promise<void>,
): Promise<void> {
  for (const layer of layers) {
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    await act(layer);
  }
}

function nameOf({ part, size, measure, pair_filter, hide_special, reduce }: ThumbnailQuestion, layer: number): string {
  return [part, layer, size, measure, pair_filter, hide_special, reduce].join(" ");
}
