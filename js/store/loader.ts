import { batch, type ReadonlySignal, signal } from "@preact/signals";
import type { LayerData } from "../source/layer.js";
import { type Source, SourceError } from "../source/source.js";
import { follow, type Loading, READY, tellOf } from "./loading.js";

export interface Wanted {
  part: string;
  layer: number;
  /** Why there is no use in asking; "" for none. */
  refusal: string;
}

/** Keeps one layer: the wanted one as soon as it is there, until then the one before. */
export class Loader {
  readonly #data = signal<LayerData | null>(null);
  readonly #loading = signal<Loading>({ state: "pending", since: "now", done: 0 });

  constructor(private readonly source: Pick<Source, "peek" | "layer">) {}

  /** The layer to draw; while another one is pending this is the one before. */
  get data(): ReadonlySignal<LayerData | null> {
    return this.#data;
  }

  get loading(): ReadonlySignal<Loading> {
    return this.#loading;
  }

  /** Loads whatever is wanted, until the returned function is called. */
  follow(wanted: ReadonlySignal<Wanted>): () => void {
    return follow(wanted, this.#loading, (now) => this.#load(now));
  }

  #load({ part, layer, refusal }: Wanted): (() => void) | undefined {
    if (refusal !== "") {
      this.#loading.value = { state: "failed", error: new SourceError("RefusedLayer", refusal) };
      return;
    }
    const known = this.source.peek(part, layer);
    if (known !== undefined) {
      batch(() => {
        this.#data.value = known;
        this.#loading.value = READY;
      });
      return;
    }
    const ending = new AbortController();
    const ask = (onProgress: (done: number) => void) =>
      this.source.layer(part, layer, { signal: ending.signal, onProgress });
    tellOf(this.#loading, ending.signal, ask, (data) => {
      this.#data.value = data;
    });
    return () => ending.abort();
  }
}
