import { Cache } from "./cache.js";
import type { LayerData } from "./layer.js";
import { type LinksQuestion, linksIn, type OnLinks } from "./links.js";
import type { Need } from "./need.js";
import { Pause } from "./pause.js";
import { type Pictured, pool } from "./pooled.js";
import {
  type Following,
  type Source,
  SourceError,
  type ThumbnailQuestion,
  type Thumbnails,
  type Tile,
  type TileQuestion,
} from "./source.js";
import { thumbnailBytes } from "./thumbnails.js";
import { nameOfTile, poolTile } from "./tiles.js";

const PICTURES_BYTES = 32 << 20;
const TILES_BYTES = 16 << 20;

/** What pictures of weight x norm are made from, beside rows. */
const NORMS: Need = { heads: [], norms: true };

type OnLayer = (layer: number, thumbnails: Thumbnails | SourceError) => void;

/** Answers that are computed here from whole layers, wherever these come from. */
export abstract class ComputedSource implements Source {
  readonly #pictures = new Cache<string, Thumbnails>(PICTURES_BYTES);
  readonly #tiles = new Cache<string, Tile>(TILES_BYTES);

  abstract peek(part: string, layer: number): LayerData | undefined;
  abstract layer(part: string, layer: number, following: Following): Promise<LayerData>;

  /** The tokens of the two axes of a part. */
  protected abstract sides(part: string): { queries: Pictured; keys: Pictured };

  /** What was pictured beforehand of a layer, if of another size: better than nothing of a layer that cannot be had. */
  protected abstract standIn(
    question: ThumbnailQuestion,
    layer: number,
    signal: AbortSignal,
  ): Promise<Thumbnails | undefined>;

  /** What was pictured beforehand of exactly what is asked. */
  protected async stored(
    _question: ThumbnailQuestion,
    _layer: number,
    _signal: AbortSignal,
  ): Promise<Thumbnails | undefined> {
    return undefined;
  }

  /** Why all weights of a layer are too many to be computed for a picture; "" where they are not. */
  protected whyNotPictured(_data: LayerData, _heads: number): string {
    return "";
  }

  peekThumbnails(question: ThumbnailQuestion, layer: number): Thumbnails | undefined {
    return this.#pictures.get(nameOf(question, layer));
  }

  protected keepThumbnails(question: ThumbnailQuestion, pictures: Thumbnails): void {
    this.#pictures.set(nameOf(question, pictures.layer), pictures, thumbnailBytes(pictures));
  }

  /** One layer after the other, so that the page answers to its reader in between. */
  async thumbnails(
    question: ThumbnailQuestion,
    layers: readonly number[],
    { signal, onLayer }: Following & { onLayer: OnLayer },
  ): Promise<void> {
    const pause = new Pause(signal);
    for (const layer of layers) {
      await pause.take();
      onLayer(layer, await this.#picture(question, layer, signal));
    }
  }

  async links(
    question: LinksQuestion,
    layers: readonly number[],
    { signal, onLayer }: Following & { onLayer: OnLinks },
  ): Promise<void> {
    const pause = new Pause(signal);
    for (const layer of layers) {
      await pause.take();
      const data = await this.#layerOrWhyNot(question.part, layer, signal);
      onLayer(layer, data instanceof SourceError ? data : linksIn(data, question));
    }
  }

  #layerOrWhyNot(part: string, layer: number, signal: AbortSignal): Promise<LayerData | SourceError> {
    return orWhyNot(this.layer(part, layer, { signal }), signal);
  }

  peekTile(question: TileQuestion): Tile | undefined {
    return this.#tiles.get(nameOfTile(question));
  }

  async tile(question: TileQuestion, { signal }: Following): Promise<Tile> {
    const data = await this.layer(question.part, question.layer, { signal });
    const whyNot = this.#whyNot(data, question.measure, 1);
    if (whyNot !== null) throw whyNot;
    const tile = await poolTile(data, question, signal);
    this.#tiles.set(nameOfTile(question), tile, tile.cells.byteLength);
    return tile;
  }

  async #picture(question: ThumbnailQuestion, layer: number, signal: AbortSignal): Promise<Thumbnails | SourceError> {
    const known = this.peekThumbnails(question, layer) ?? (await this.stored(question, layer, signal));
    if (known !== undefined) return known;
    const { part, measure } = question;
    const data = await this.#layerOrWhyNot(part, layer, signal);
    const whyNot = data instanceof SourceError ? data : this.#whyNot(data, measure, data.heads);
    if (whyNot !== null) return (await orWhyNot(this.standIn(question, layer, signal), signal)) ?? whyNot;
    const { queries, keys } = this.sides(part);
    if (measure === "value_norm") await (data as LayerData).bring(NORMS, { signal });
    const made = await pool(data as LayerData, question, queries, keys, signal);
    this.keepThumbnails(question, made);
    return made;
  }

  #whyNot(data: LayerData, measure: ThumbnailQuestion["measure"], heads: number): SourceError | null {
    const why = this.whyNotPictured(data, heads);
    if (why !== "") return new SourceError("OverBudget", why);
    if (measure === "weight" || data.valueNorms !== null) return null;
    return new SourceError("UnknownProjection", data.valueNormReason);
  }
}

/** What is asked for, or why it cannot be had. */
async function orWhyNot<Value>(asked: Promise<Value>, signal: AbortSignal): Promise<Value | SourceError> {
  try {
    return await asked;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof SourceError ? error : new SourceError((error as Error).name, (error as Error).message);
  }
}

function nameOf({ part, size, measure, pair_filter, hide_special, reduce }: ThumbnailQuestion, layer: number): string {
  return [part, layer, size, measure, pair_filter, hide_special, reduce].join(" ");
}
