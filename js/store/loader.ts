import { batch, type ReadonlySignal, signal, untracked } from "@preact/signals";
import type { LayerData } from "../source/layer.js";
import type { Need } from "../source/need.js";
import { type Source, SourceError } from "../source/source.js";
import { asError, follow, type Loading, READY, tellOf } from "./loading.js";

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

  /** @param needs What has to be here of a layer before it is shown. */
  constructor(
    private readonly source: Pick<Source, "peek" | "layer">,
    private readonly needs: () => readonly Need[] = () => [],
  ) {}

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
    if (known !== undefined && this.#missing(known).length === 0) {
      batch(() => {
        this.#data.value = known;
        this.#loading.value = READY;
      });
      return;
    }
    const ending = new AbortController();
    const ask = async (onProgress: (done: number) => void) => {
      const following = { signal: ending.signal, onProgress };
      const data = await this.source.layer(part, layer, following);
      await Promise.all(this.#missing(data).map((need) => data.bring(need, following)));
      return data;
    };
    tellOf(this.#loading, ending.signal, ask, (data) => {
      this.#data.value = data;
    });
    return () => ending.abort();
  }

  /** Of the heads that the layer has. */
  #missing(data: LayerData): Need[] {
    if (data.isWhole) return [];
    const fitting = this.needs().map((need) => ({ ...need, heads: need.heads.filter((head) => head < data.heads) }));
    return fitting.filter((need) => !untracked(() => data.isHere(need)));
  }

  /** Waits for numbers of the layer that is shown. */
  followMore(coming: Promise<void>, ended: AbortSignal): void {
    coming.catch((error) => {
      if (!ended.aborted) this.#loading.value = { state: "failed", error: asError(error) };
    });
  }
}
