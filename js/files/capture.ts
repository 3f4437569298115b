/** A saved capture, opened in this page; written by python/headscope/files/save.py. */
import { below, listOf, Malformed, record, text } from "../source/check.js";
import type { LayerData } from "../source/layer.js";
import type { ThumbnailQuestion, Thumbnails } from "../source/source.js";
import type { LayerMeta, Meta, PartMeta, Side } from "../store/meta.js";
import type { RangedBytes } from "./bytes.js";
import { Container, UnreadableFile } from "./container.js";
import { checkLayer, type SaidLayer } from "./described.js";
import { readLayer, workFor } from "./layer.js";
import { cellsIn, isOfAll, readOverview } from "./overview.js";
import type { Lengths } from "./places.js";
import { readSide } from "./side.js";
import { isLight } from "./work.js";

/** Of the files that are read. */
export const VERSION = 1;

interface SaidPart {
  name: string;
  query: number;
  key: number;
  layers: SaidLayer[];
}

interface Said {
  model: string;
  not_finite: string;
  axes: unknown[];
  parts: SaidPart[];
}

/** A file whose layers are read when they are asked for. */
export class OpenFile {
  private constructor(
    readonly meta: Meta,
    private readonly container: Container,
    private readonly parts: readonly SaidPart[],
  ) {}

  /**
   * Reads all but the layers.
   *
   * @param name What the reader calls the file.
   * @throws UnreadableFile with a sentence for the reader.
   */
  static async open(bytes: RangedBytes, name: string, signal: AbortSignal): Promise<OpenFile> {
    const container = await Container.open(bytes, name, signal);
    checkVersion(container);
    try {
      const said = checked(container);
      const sides: Side[] = [];
      for (const [at, axis] of said.axes.entries()) sides.push(await readSide(axis, `axes[${at}]`, container, signal));
      return new OpenFile(metaOf(said, sides), container, said.parts);
    } catch (thrown) {
      throw thrown instanceof Malformed ? container.damaged(thrown.message) : thrown;
    }
  }

  /** @throws UnreadableFile where the layer is damaged; SourceError where it is too large for a page. */
  layer(part: string, layer: number, signal: AbortSignal): Promise<LayerData> {
    return readLayer(this.container, this.#said(part, layer), part, this.#lengths(part), signal);
  }

  /** Cells a side of the pictures of a layer that stand in the file; 0 where there are none that answer a question. */
  cellsIn(question: ThumbnailQuestion, layer: number): number {
    return isOfAll(question) ? cellsIn(this.#said(question.part, layer), this.container) : 0;
  }

  /** Those pictures. @throws UnreadableFile where they are damaged. */
  pictures({ part, reduce }: ThumbnailQuestion, layer: number, signal: AbortSignal): Promise<Thumbnails> {
    return readOverview(this.container, this.#said(part, layer), this.#lengths(part), reduce, signal);
  }

  /** Whether all of its layers together are computed in so little time that nothing of it has to be waited for. */
  get isLight(): boolean {
    const works = this.parts.flatMap(({ name, layers }) =>
      layers.map((said) => workFor(this.container, said, this.#lengths(name))),
    );
    return isLight(works.reduce((sum, work) => sum + work, 0));
  }

  #said(part: string, layer: number): SaidLayer {
    const { layers } = this.parts.find(({ name }) => name === part) as SaidPart;
    return layers.find((one) => one.layer === layer) as SaidLayer;
  }

  #lengths(part: string): Lengths {
    const { sides, parts } = this.meta;
    const { query_side, key_side } = parts.find(({ name }) => name === part) as PartMeta;
    const [queries, keys] = [query_side, key_side].map((side) => sides[side].words.length);
    return { queries, keys };
  }
}

function checkVersion(container: Container): void {
  const { version, made_with } = container.description;
  if (typeof version === "number" && version > VERSION) {
    const by = (made_with as { headscope?: unknown } | null)?.headscope;
    const writer = typeof by === "string" ? ` ${by}` : "";
    throw new UnreadableFile(
      `${container.name} was saved by headscope${writer}, in version ${version} of its format; this one reads up to ` +
        `version ${VERSION}. Update headscope.`,
    );
  }
  if (version !== VERSION) throw container.damaged("it does not tell its version");
}

function checked(container: Container): Said {
  const { description } = container;
  record({ model: text, not_finite: text, axes: listOf(() => {}), parts: listOf(() => {}) })(description, "it");
  const said = description as unknown as Said;
  const side = below(said.axes.length);
  listOf(record({ name: text, query: side, key: side, layers: listOf(() => {}) }))(said.parts, "parts");
  for (const [at, { layers }] of said.parts.entries()) {
    for (const [number, layer] of layers.entries()) checkLayer(layer, `parts[${at}].layers[${number}]`, container);
    if (layers.length === 0) throw new Malformed(`parts[${at}] has no layer`);
    if (new Set(layers.map(({ layer }) => layer)).size < layers.length) {
      throw new Malformed(`two layers of parts[${at}] have one number`);
    }
  }
  const names = new Set(said.parts.map(({ name }) => name));
  if (names.size === 0) throw new Malformed("it has no layer");
  if (names.size < said.parts.length) throw new Malformed("two of its parts have one name");
  return said;
}

/** As python/headscope/widgets/first_paint.py describes a capture: axes that are equal once. */
function metaOf({ model, not_finite, parts }: Said, sides: readonly Side[]): Meta {
  const texts = sides.map((side) => JSON.stringify(side));
  const first = texts.map((one) => texts.indexOf(one));
  const kept = [...new Set(first)];
  const sideOf = (axis: number) => kept.indexOf(first[axis]);
  return {
    v: 1,
    capture: "",
    model,
    parts: parts.map(({ name, query, key, layers }) => ({
      name,
      layers: layers.map((layer) => layerMeta(layer, not_finite)),
      query_side: sideOf(query),
      key_side: sideOf(key),
    })),
    sides: kept.map((at) => sides[at]),
  };
}

function layerMeta(said: SaidLayer, parameters: string): LayerMeta {
  const { layer, heads, tier, error, reason, has_map, not_finite } = said;
  const nonfinite = not_finite !== "" && parameters !== "" ? `${not_finite}: ${parameters}` : not_finite;
  return { layer, heads, tier, error: error ?? null, reason, has_map, nonfinite };
}
