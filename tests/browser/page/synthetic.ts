import type { LinksHeader, LinksQuestion } from "../../../js/source/links.js";
import type { Header } from "../../../js/source/packet.js";
import type { ThumbnailQuestion, TileQuestion } from "../../../js/source/source.js";
import type { ThumbnailHeader } from "../../../js/source/thumbnails.js";
import type { TileHeader } from "../../../js/source/tiles.js";
import type { LayerMeta, Meta, Side } from "../../../js/store/meta.js";
import { type Packed, packOutline, packVectors, packWeights } from "./pack.js";
import { photograph } from "./photo.js";
import { picturesOf } from "./pictures.js";
import { type Mechanisms, type Terms, termsOf, weightsOf } from "./terms.js";
import { tileOf } from "./tiles.js";

/** A capture made of seeded random numbers, for the page and for the tests that know what the page must show. */
export interface Synthetic {
  meta: Meta;
  /** As the page is told at first: without the tokens, where layers come in outline. */
  told: Meta;
  /** `part` is the first one if nothing is said. */
  packet(layer: number, part?: string): Packed<Header>;
  thumbnails(question: ThumbnailQuestion, layer: number): Packed<ThumbnailHeader>;
  /** What every head of a layer says of a pair. */
  links(question: LinksQuestion, layer: number): Packed<LinksHeader>;
  tile(question: TileQuestion): Packed<TileHeader>;
  /** Why a layer was refused, "" where it was not. */
  refusal(layer: number, part?: string): string;
  /** The weights by the plain formula `[query][key]`, independent of js/source. */
  weights(layer: number, head: number, part?: string): number[][];
  /** Everything that the weights are made of. */
  terms(layer: number, part?: string): Terms;
}

/** One stack of layers; what is not said here is as in `Options`. */
export interface PartOptions extends Mechanisms {
  tokens: string[];
  /** Where keys are other tokens than queries. */
  keyTokens?: string[];
  /** Position of the first query token that the model wrote. */
  generated?: number;
  /** A square of patches among the tokens of either side, and the position of its first. */
  patches?: { side: number; first: number; of?: "keys" };
  /** Instead of the photograph. */
  src?: string;
}

export interface Options extends PartOptions {
  heads?: number;
  groups?: number;
  layers?: number;
  special?: number[];
  segments?: number[] | null;
  words?: number[] | null;
  levels?: Side["levels"];
  /** What is said of some layers, by number, besides what the other options say. */
  told?: Record<number, Partial<LayerMeta>>;
  /** Layers that were refused. */
  refused?: number[];
  /** The layer and the query whose vector holds NaN. */
  broken?: { layer: number; query: number } | null;
  /** The layer whose weights are shipped as they are. */
  dense?: number | null;
  /** Whether layers come in outline, as those of long texts do, and tokens are asked for. */
  outline?: boolean;
  /** Why norms of value vectors are not known; "" where they are. */
  valueNormReason?: string;
  /** Stacks by name, instead of the one named "self". */
  parts?: Record<string, PartOptions>;
  seed?: number;
}

export function synthesize(options: Options): Synthetic {
  const names = Object.keys(options.parts ?? { self: null });
  const stacks = names.map((name, index) => new Stack({ ...options, ...options.parts?.[name] }, name, index));
  const sides: Side[] = [];
  const indexOf = (side: Side) => {
    const known = sides.findIndex((one) => JSON.stringify(one) === JSON.stringify(side)); // equal axes are told once
    return known >= 0 ? known : sides.push(side) - 1;
  };
  const find = (part = names[0]) => stacks[names.indexOf(part)];
  const parts = stacks.map(({ name, layers, query, key }) => ({
    name,
    layers,
    query_side: indexOf(query),
    key_side: indexOf(key),
  }));
  const meta = {
    v: 1,
    capture: `synthetic ${JSON.stringify(options).slice(0, 500)}`,
    model: "SyntheticForCausalLM",
    parts,
    sides,
  };
  return {
    meta,
    told: options.outline ? { ...meta, sides: sides.map(brief) } : meta,
    packet: (layer, part) => find(part).packet(layer),
    thumbnails: (question, layer) => find(question.part).thumbnails(question, layer),
    links: (question, layer) => find(question.part).links(question, layer),
    tile: (question) => find(question.part).tile(question),
    refusal: (layer, part) => find(part).refusal(layer),
    weights: (layer, head, part) => weightsOf(find(part).terms(layer), head),
    terms: (layer, part) => find(part).terms(layer),
  };
}

/** The layers of one part. */
class Stack {
  readonly layers: LayerMeta[];
  readonly query: Side;
  readonly key: Side;
  readonly #terms = new Map<number, Terms>();

  constructor(
    private readonly options: Options,
    readonly name: string,
    private readonly index: number,
  ) {
    const { layers = 4, told } = options;
    this.layers = Array.from({ length: layers }, (_, layer) => ({ ...this.#metaOf(layer), ...told?.[layer] }));
    const { tokens, keyTokens, generated = null } = options;
    const isOfKeys = options.patches?.of === "keys";
    const query = { ...sideOf(options, tokens), generated };
    this.query = isOfKeys ? query : pictured(query, options);
    this.key = keyTokens === undefined ? this.query : pictured(sideOf(options, keyTokens), options);
  }

  terms(layer: number): Terms {
    const known = this.#terms.get(layer);
    if (known !== undefined) return known;
    const { seed = 1, broken } = this.options;
    const terms = termsOf(this.#sizes, this.options, seed * 1000 + this.index * 100 + layer);
    if (broken?.layer === layer) terms.query[0][broken.query][0] = Number.NaN;
    this.#terms.set(layer, terms);
    return terms;
  }

  packet(layer: number): Packed<Header> {
    const about = { part: this.name, layer, ...this.#sizes, valueNormReason: this.options.valueNormReason ?? "" };
    const isDense = this.options.dense === layer;
    if (this.options.outline) return packOutline(about, this.terms(layer), isDense ? "weights" : "vectors");
    const pack = isDense ? packWeights : packVectors;
    return pack(about, this.terms(layer));
  }

  thumbnails(question: ThumbnailQuestion, layer: number): Packed<ThumbnailHeader> {
    return picturesOf(this.#numbers(layer, question.measure), question, layer, this.query, this.key);
  }

  links({ query, key, measure }: LinksQuestion, layer: number): Packed<LinksHeader> {
    const weights = Float32Array.from(this.#numbers(layer, measure), (head) => head[query][key]);
    const header = { v: 1, part: this.name, layer, heads: weights.length, bytes: weights.byteLength };
    return { header, payload: new Uint8Array(weights.buffer) };
  }

  /** `[head][query][key]` */
  #numbers(layer: number, measure: ThumbnailQuestion["measure"]): number[][][] {
    const terms = this.terms(layer);
    const norm = (head: number, key: number) => (measure === "weight" ? 1 : terms.valueNorms[head][key]);
    return terms.query.map((_, head) =>
      weightsOf(terms, head).map((row) => row.map((weight, key) => weight * norm(head, key))),
    );
  }

  tile(question: TileQuestion): Packed<TileHeader> {
    const terms = this.terms(question.layer);
    const weights = weightsOf(terms, question.head);
    if (question.measure === "weight") return tileOf(weights, question);
    const norms = terms.valueNorms[question.head];
    const numbers = weights.map((row) => row.map((weight, key) => weight * norms[key]));
    return tileOf(numbers, question, Math.max(...norms));
  }

  refusal(layer: number): string {
    return this.layers[layer].heads === 0 ? this.layers[layer].reason : "";
  }

  get #sizes() {
    const { heads = 9, groups = 3, tokens, keyTokens = tokens } = this.options;
    return { heads, groups, queries: tokens.length, keys: keyTokens.length };
  }

  #metaOf(layer: number): LayerMeta {
    const { refused = [], broken, dense } = this.options;
    const isRefused = refused.includes(layer);
    const refusal = `LlamaAttention (model.layers.${layer}) adds a bias that was not recorded.`;
    return {
      layer,
      heads: isRefused ? 0 : this.#sizes.heads,
      tier: isRefused ? 0 : 1,
      error: isRefused ? null : (layer + 1) * 1e-7,
      reason: isRefused ? refusal : dense === layer ? "Weights by the model's own function." : "",
      has_map: true,
      nonfinite: broken?.layer === layer ? `query: model.layers.${layer}.q_proj.weight` : "",
    };
  }
}

function brief({ labels, kind }: Side): Side {
  return { count: labels.length, kind } as object as Side;
}

/** The side with its patches on a picture; one that is nothing but patches and special tokens says so. */
function pictured(side: Side, { patches, src }: PartOptions): Side {
  if (patches === undefined) return side;
  const { side: count, first } = patches;
  const cells = side.labels.map((_, at): [number, number, number, number] | null => {
    const patch = at - first;
    if (patch < 0 || patch >= count * count) return null;
    return [(patch % count) / count, Math.floor(patch / count) / count, 1 / count, 1 / count];
  });
  const isOnly = cells.every((cell, at) => cell !== null || side.special[at] === 1);
  return {
    ...side,
    kind: isOnly ? "patches" : "text",
    picture: { src: src ?? photograph(), width: 224, height: 224, cells },
  };
}

function sideOf({ special = [], segments = null, words = null, levels }: Options, tokens: string[]): Side {
  const isSound = tokens.every((text) => / s$/.test(text));
  return {
    labels: tokens.map((text) =>
      isSound || text.startsWith("patch ") || text.startsWith("register ")
        ? text
        : text.replaceAll(" ", "·").replaceAll("\n", "⏎"),
    ),
    texts: tokens.map((text) => text.replace(/^##/, "")),
    special: tokens.map((_, at) => (special.includes(at) ? 1 : 0)),
    segments,
    words: words ?? tokens.map((_, at) => at),
    ...(levels === undefined ? {} : { levels }),
    kind: isSound ? "frames" : "text",
  };
}
