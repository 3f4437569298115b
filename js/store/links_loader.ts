import { type ReadonlySignal, signal } from "@preact/signals";
import type { LinksQuestion } from "../source/links.js";
import type { Source } from "../source/source.js";
import { follow, type Loading, READY, tellOf } from "./loading.js";

/** What comes within this time is shown in one step, so that a ranking does not flicker. */
const TOGETHER_MS = 100;

export interface WantedLinks {
  question: LinksQuestion;
  layers: readonly number[];
}

/** What the heads of each layer say of the pair, or why a layer says nothing; one that is under way is not there. */
export interface LinkAnswers {
  question: LinksQuestion;
  layers: ReadonlyMap<number, Float32Array | Error>;
}

/** Keeps what links the wanted pair, as it comes in layer by layer; until then what linked the pair before. */
export class LinksLoader {
  readonly #answers = signal<LinkAnswers | null>(null);
  readonly #loading = signal(READY);

  constructor(private readonly source: Pick<Source, "links">) {}

  get answers(): ReadonlySignal<LinkAnswers | null> {
    return this.#answers;
  }

  get loading(): ReadonlySignal<Loading> {
    return this.#loading;
  }

  /** Loads whatever is wanted, until the returned function is called. Null wants nothing. */
  follow(wanted: ReadonlySignal<WantedLinks | null>): () => void {
    return follow(wanted, this.#loading, (now) => {
      if (now !== null) return this.#load(now);
      this.#answers.value = null;
      this.#loading.value = READY;
      return undefined;
    });
  }

  #load({ question, layers }: WantedLinks): () => void {
    const come = new Map<number, Float32Array | Error>();
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      clearTimeout(timer);
      timer = undefined;
      this.#answers.value = { question, layers: new Map(come) };
    };
    const ask = (onProgress: (done: number) => void) => {
      const onLayer = (layer: number, weights: Float32Array | Error) => {
        if (ending.signal.aborted) return;
        come.set(layer, weights);
        timer ??= setTimeout(show, TOGETHER_MS);
        onProgress(come.size / layers.length);
      };
      return this.source.links(question, layers, { signal: ending.signal, onLayer });
    };
    tellOf(this.#loading, ending.signal, ask, show);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }
}
