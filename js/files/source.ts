import { Cache, cacheBytes } from "../source/cache.js";
import { ComputedSource } from "../source/computed.js";
import type { LayerData } from "../source/layer.js";
import { type Following, SourceError, type ThumbnailQuestion, type Thumbnails } from "../source/source.js";
import { Together } from "../source/together.js";
import { layerOfPart, partOf } from "../store/meta.js";
import type { OpenFile } from "./capture.js";
import { isTooMuch, workOf } from "./work.js";

/** Of decoded layers and their rows; those used least lately go first. */
const LAYERS_BYTES = 256 << 20;

/** Pictures that are asked for at a time: as many requests as a browser sends to a server at once. */
const AT_A_TIME = 6;

/** Answers from a file, computed in this page: each layer is read when it is first asked about. */
export class FileSource extends ComputedSource {
  readonly #layers: Cache<string, LayerData>;
  readonly #reading = new Together<LayerData>();

  constructor(
    private readonly file: OpenFile,
    budgetBytes = LAYERS_BYTES,
  ) {
    super();
    this.#layers = new Cache(budgetBytes);
  }

  /** What the layers that are held take. */
  get heldBytes(): number {
    return this.#layers.bytes;
  }

  peek(part: string, layer: number): LayerData | undefined {
    return this.#layers.get(`${part} ${layer}`);
  }

  hasRoomAround(data: LayerData): boolean {
    return 3 * costOf(data) <= this.#layers.budgetBytes;
  }

  async layer(part: string, layer: number, following: Following): Promise<LayerData> {
    const read = ({ signal }: Following) => this.#read(part, layer, signal);
    return this.peek(part, layer) ?? this.#reading.run(`${part} ${layer}`, following, read);
  }

  async #read(part: string, layer: number, signal: AbortSignal): Promise<LayerData> {
    const { heads, reason } = layerOfPart(partOf(this.file.meta, part), layer);
    if (heads === 0) throw new SourceError("RefusedLayer", reason);
    const data = await this.file.layer(part, layer, signal);
    this.#layers.set(`${part} ${layer}`, data, costOf(data));
    return data;
  }

  protected sides(part: string) {
    const { sides, ...meta } = this.file.meta;
    const { query_side, key_side } = partOf({ sides, ...meta }, part);
    return { queries: sides[query_side], keys: sides[key_side] };
  }

  protected async standIn(
    question: ThumbnailQuestion,
    layer: number,
    signal: AbortSignal,
  ): Promise<Thumbnails | undefined> {
    const size = this.file.cellsIn(question, layer);
    if (size === 0) return undefined;
    const found = await this.file.pictures(question, layer, signal);
    this.keepThumbnails({ ...question, size }, found);
    return found;
  }

  protected override async stored(
    question: ThumbnailQuestion,
    layer: number,
    signal: AbortSignal,
  ): Promise<Thumbnails | undefined> {
    try {
      if (this.file.cellsIn(question, layer) === question.size) return await this.standIn(question, layer, signal);
    } catch {
      signal.throwIfAborted(); // else they are made from the layer
    }
    return undefined;
  }

  /** Reads the pictures that stand in the file, so that the grid is there before any layer is read. */
  async begin(question: ThumbnailQuestion, signal: AbortSignal): Promise<void> {
    const left = partOf(this.file.meta, question.part).layers.values();
    const readOn = async () => {
      for (const { layer } of left) await this.stored(question, layer, signal);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, readOn));
  }

  protected override whyNotPictured(data: LayerData, heads: number): string {
    const { layer, queries, keys, vectors } = data;
    if (!isTooMuch(workOf({ heads, queries, keys, d: vectors?.d ?? 0 }))) return "";
    return (
      `Layer ${layer} has ${heads} × ${queries} × ${keys} weights, too many to be computed in this page for a picture. ` +
      "Single rows can be read; for pictures, open the file with hs.load in Python."
    );
  }
}

/** What a layer takes at most, with the rows that it keeps once they are computed. */
function costOf({ bytes, heads, queries, keys, vectors }: LayerData): number {
  return vectors === null ? bytes : bytes + Math.min(cacheBytes(heads, keys), 4 * heads * queries * keys);
}
