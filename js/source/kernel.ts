import { Answer, type Sent } from "./answer.js";
import { Cache } from "./cache.js";
import { type LayerData, layerOf } from "./layer.js";
import type { Lines } from "./lines.js";
import { type LinksQuestion, linksKey, linksOf, type OnLinks } from "./links.js";
import { LongLayer, type Slice } from "./long_layer.js";
import { type ArraysHeader, decode, decodeArrays, type Header, join } from "./packet.js";
import { request } from "./request.js";
import {
  type Following,
  type Source,
  SourceError,
  type ThumbnailQuestion,
  type Thumbnails,
  type Tile,
  type TileQuestion,
} from "./source.js";
import { type FirstThumbnails, firstOf, type ThumbnailHeader, thumbnailBytes, thumbnailsOf } from "./thumbnails.js";
import { nameOfTile, type TileHeader, tileOf } from "./tiles.js";
import { Together } from "./together.js";

const LAYERS_BYTES = 64 << 20;
const THUMBNAILS_BYTES = 32 << 20;
const LINKS_BYTES = 1 << 20;
const TILES_BYTES = 16 << 20;
const ROWS_BYTES = 64 << 20;
/** Of a payload in one message, so that with all else that is in it the message stays below 4 MiB. */
const MESSAGE_BYTES = (4 << 20) - (64 << 10);
/** VS Code turns every byte of a message into a number of its own: below 1 MiB. */
const MESSAGE_BYTES_VSCODE = (1 << 20) - (64 << 10);

type OnLayer = (layer: number, thumbnails: Thumbnails | SourceError) => void;

/** Answers from the kernel, through custom messages of widgets' models. Keeps what was used last. */
export class KernelSource implements Source {
  readonly #layers = new Cache<string, LayerData>(LAYERS_BYTES);
  readonly #thumbnails = new Cache<string, Thumbnails>(THUMBNAILS_BYTES);
  readonly #links = new Cache<string, Float32Array>(LINKS_BYTES);
  readonly #tiles = new Cache<string, Tile>(TILES_BYTES);
  readonly #asking = new Together<LayerData>();
  readonly #askingTiles = new Together<Tile>();
  readonly #slicing = new Together<Slice>();
  readonly #rows = new Cache<string, Float32Array>(ROWS_BYTES);
  readonly #listing = new Together<unknown[]>();
  #sides: unknown[] | undefined;
  readonly #limit: number;

  /** @param inVsCode Whether the host is VS Code. */
  constructor(
    private readonly lines: Lines,
    inVsCode: boolean,
  ) {
    this.#limit = inVsCode ? MESSAGE_BYTES_VSCODE : MESSAGE_BYTES;
  }

  peek(part: string, layer: number): LayerData | undefined {
    return this.#layers.get(`${part} ${layer}`);
  }

  hasRoomAround(data: LayerData): boolean {
    return 3 * data.bytes <= this.#layers.budgetBytes;
  }

  keepLayersUpTo(bytes: number): void {
    this.#layers.budgetBytes = bytes;
  }

  async layer(part: string, layer: number, following: Following): Promise<LayerData> {
    const ask = (followed: Following) => this.#askLayer(part, layer, followed);
    return this.peek(part, layer) ?? this.#asking.run(`${part} ${layer}`, following, ask);
  }

  #askLayer(part: string, layer: number, following: Following): Promise<LayerData> {
    return this.#askOne("layer", { part, layer }, layer, following, (sent) => this.keepLayer(sent));
  }

  /** Asks for one payload, which is read while its message is being handled: later its pieces are the host's again. */
  async #askOne<Value>(
    op: string,
    args: object,
    number: number,
    following: Following,
    read: (sent: Sent) => Value,
  ): Promise<Value> {
    let come: Value | undefined;
    const answer = new Answer([number], (_, sent) => {
      come = read(of(sent));
    });
    await request(this.lines, { op, args: { ...args }, limit: this.#limit }, answer, following);
    return come as Value; // the answer is complete
  }

  /** Asks for some numbers of a long layer. */
  #askSlice(op: string, args: Record<string, unknown>, following: Following): Promise<Slice> {
    const read = ({ header, pieces }: Sent) => {
      return { why: String((header as { why: unknown }).why), ...decodeArrays(header as ArraysHeader, pieces) };
    };
    const ask = (followed: Following) => this.#askOne(op, args, Number(args.layer), followed, read);
    return this.#slicing.run(JSON.stringify([op, args]), following, ask);
  }

  /** The tokens of each axis, where they were too many to come along with the description. */
  async sides(count: number, following: Following): Promise<unknown[]> {
    this.#sides ??= await this.#listing.run("", following, (followed) => this.#askSides(count, followed));
    return this.#sides;
  }

  async #askSides(count: number, following: Following): Promise<unknown[]> {
    const read = ({ header, pieces }: Sent) =>
      JSON.parse(new TextDecoder().decode(join(header as ArraysHeader, pieces))) as unknown;
    const sides = [];
    for (let side = 0; side < count; side++) {
      const onProgress = (done: number) => following.onProgress?.((side + done) / count);
      sides.push(await this.#askOne("tokens", { side }, side, { ...following, onProgress }, read));
    }
    return sides;
  }

  /** Keeps a layer that came: as an answer, or along with a widget, so that the first picture needs no answer. */
  keepLayer({ header, pieces }: Sent): LayerData {
    const packet = decode(header as Header, pieces);
    const known = this.peek(packet.header.part, packet.header.layer);
    if (known !== undefined) return known;
    const keep = (data: LayerData) => this.#layers.set(`${data.part} ${data.layer}`, data, data.bytes);
    const ask = this.#askSlice.bind(this);
    const data =
      packet.header.whole === false ? new LongLayer(packet, { ask, rows: this.#rows, onGrown: keep }) : layerOf(packet);
    keep(data);
    return data;
  }

  peekThumbnails(question: ThumbnailQuestion, layer: number): Thumbnails | undefined {
    return this.#thumbnails.get(keyOf(question, layer));
  }

  thumbnails(
    question: ThumbnailQuestion,
    layers: readonly number[],
    following: Following & { onLayer: OnLayer },
  ): Promise<void> {
    const peek = (layer: number) => this.peekThumbnails(question, layer);
    const keep = (_: number, sent: Sent) => this.#keepThumbnails(question, readThumbnails(sent));
    return this.#askEach("thumbnails", question, layers, peek, keep, following);
  }

  links(
    question: LinksQuestion,
    layers: readonly number[],
    following: Following & { onLayer: OnLinks },
  ): Promise<void> {
    const peek = (layer: number) => this.#links.get(linksKey(question, layer));
    const keep = (layer: number, sent: Sent) => this.#keepLinks(question, layer, sent);
    return this.#askEach("links", question, layers, peek, keep, following);
  }

  /** Hands over what is known of some layers, and the others as they come. */
  async #askEach<Value>(
    op: string,
    question: object,
    layers: readonly number[],
    peek: (layer: number) => Value | undefined,
    keep: (layer: number, sent: Sent) => Value,
    { onLayer, ...following }: Following & { onLayer(layer: number, value: Value | SourceError): void },
  ): Promise<void> {
    const missing = layers.filter((layer) => {
      const known = peek(layer);
      if (known !== undefined) onLayer(layer, known);
      return known === undefined;
    });
    const answer = new Answer(missing, (layer, sent) => {
      onLayer(layer, sent instanceof SourceError ? sent : keep(layer, sent));
    });
    await request(this.lines, { op, args: { ...question, layers: missing }, limit: this.#limit }, answer, following);
  }

  #keepLinks(question: LinksQuestion, layer: number, sent: Sent): Float32Array {
    const weights = linksOf(sent);
    this.#links.set(linksKey(question, layer), weights, weights.byteLength);
    return weights;
  }

  peekTile(question: TileQuestion): Tile | undefined {
    return this.#tiles.get(nameOfTile(question));
  }

  async tile(question: TileQuestion, following: Following): Promise<Tile> {
    const name = nameOfTile(question);
    return this.peekTile(question) ?? this.#askingTiles.run(name, following, (all) => this.#askTile(question, all));
  }

  #askTile(question: TileQuestion, following: Following): Promise<Tile> {
    return this.#askOne("tile", question, question.layer, following, ({ header, pieces }) => {
      const tile = tileOf(header as TileHeader, pieces);
      this.#tiles.set(nameOfTile(question), tile, tile.cells.byteLength);
      return tile;
    });
  }

  /** Keeps pictures that came along with a widget. */
  keepFirst(first: FirstThumbnails, payload: Uint8Array): void {
    for (const thumbnails of firstOf(first, payload)) this.#keepThumbnails(first.question, thumbnails);
  }

  #keepThumbnails(question: ThumbnailQuestion, thumbnails: Thumbnails): Thumbnails {
    this.#thumbnails.set(keyOf(question, thumbnails.layer), thumbnails, thumbnailBytes(thumbnails));
    return thumbnails;
  }
}

function of(sent: Sent | SourceError): Sent {
  if (sent instanceof SourceError) throw sent;
  return sent;
}

function readThumbnails({ header, pieces }: Sent): Thumbnails {
  return thumbnailsOf(header as ThumbnailHeader, pieces);
}

function keyOf({ part, size, measure, pair_filter, hide_special, reduce }: ThumbnailQuestion, layer: number): string {
  return [part, layer, size, measure, pair_filter, hide_special, reduce].join(" ");
}
