import { type ReadonlySignal, signal } from "@preact/signals";
import type { OnProgress, Source, ThumbnailQuestion, Thumbnails } from "../source/source.js";
import { follow, type Loading, READY, tellOf } from "./loading.js";

/** The size that comes along with a widget (python/headscope/widgets/first_paint.py). */
export const FIRST_SIZE = 25;
/** A size that changes again sooner than this, as while a window is dragged, is not asked for. */
const SETTLED_MS = 150;

/** Which pictures are wanted, the most wanted layer first. */
export interface WantedThumbnails {
  question: ThumbnailQuestion;
  layers: readonly number[];
}

/** The pictures of layers' heads, or why a layer has none; a layer that is under way is not there. */
export type Pictures = ReadonlyMap<number, Thumbnails | Error>;

/** Keeps the wanted pictures as they come in, layer by layer. */
export class ThumbnailLoader {
  readonly #pictures = signal<Pictures>(new Map());
  readonly #loading = signal(READY);
  #question: ThumbnailQuestion | null = null;

  constructor(private readonly source: Pick<Source, "peekThumbnails" | "thumbnails">) {}

  get pictures(): ReadonlySignal<Pictures> {
    return this.#pictures;
  }

  get loading(): ReadonlySignal<Loading> {
    return this.#loading;
  }

  /** Loads whatever is wanted, until the returned function is called. Null wants nothing. */
  follow(wanted: ReadonlySignal<WantedThumbnails | null>): () => void {
    return follow(wanted, this.#loading, (now) => (now === null ? undefined : this.#load(now)));
  }

  #load({ question, layers }: WantedThumbnails): (() => void) | undefined {
    const onlySize = this.#question !== null && sameButSize(this.#question, question);
    const pictures = new Map(onlySize ? this.#pictures.peek() : []);
    const missing: number[] = [];
    for (const layer of layers) {
      const known = this.source.peekThumbnails(question, layer);
      const coarse = pictures.get(layer) ?? this.source.peekThumbnails({ ...question, size: FIRST_SIZE }, layer);
      const picture = known ?? coarse;
      if (picture !== undefined) pictures.set(layer, picture);
      if (known === undefined) missing.push(layer);
    }
    this.#question = question;
    this.#pictures.value = pictures;
    this.#loading.value = READY;
    if (missing.length === 0) return;
    const ending = new AbortController();
    const ask = () => this.#ask(question, missing, ending.signal);
    if (!onlySize) ask();
    const timer = onlySize ? setTimeout(ask, SETTLED_MS) : undefined;
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }

  #ask(question: ThumbnailQuestion, layers: readonly number[], signal: AbortSignal): Promise<void> {
    const ask = (onProgress: OnProgress) => {
      let count = 0;
      const onLayer = (layer: number, picture: Thumbnails | Error) => {
        if (signal.aborted) return;
        this.#pictures.value = new Map(this.#pictures.peek()).set(layer, picture);
        count += 1;
        onProgress(count / layers.length);
      };
      return this.source.thumbnails(question, layers, { signal, onLayer, onProgress });
    };
    return tellOf(this.#loading, signal, ask, () => {}); // each has been shown as it came
  }
}

function sameButSize(a: ThumbnailQuestion, b: ThumbnailQuestion): boolean {
  const others = ["part", "measure", "pair_filter", "hide_special", "reduce"] as const;
  return others.every((name) => a[name] === b[name]);
}
