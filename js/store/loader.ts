import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { LayerData } from "../source/layer.js";
import { type Source, SourceError } from "../source/source.js";
import { type Since, tellWaiting } from "./waiting.js";

export interface Wanted {
  part: string;
  layer: number;
  /** Why there is no use in asking; "" for none. */
  refusal: string;
}

/** How what is wanted comes along. */
export type Loading =
  | { state: "ready" }
  | { state: "pending"; since: Since; done: number }
  | { state: "failed"; error: Error };

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
    return effect(() => {
      try {
        return this.#load(wanted.value);
      } catch (error) {
        this.#loading.value = { state: "failed", error: asError(error) }; // and not thrown at whoever set a trait
        return undefined;
      }
    });
  }

  #load({ part, layer, refusal }: Wanted): (() => void) | undefined {
    if (refusal !== "") {
      this.#loading.value = { state: "failed", error: new SourceError("RefusedLayer", refusal) };
      return;
    }
    const known = this.source.peek(part, layer);
    if (known !== undefined) {
      this.#data.value = known;
      this.#loading.value = { state: "ready" };
      return;
    }
    const ending = new AbortController();
    this.#ask(part, layer, ending.signal);
    return () => ending.abort();
  }

  async #ask(part: string, layer: number, ended: AbortSignal): Promise<void> {
    this.#loading.value = { state: "pending", since: "now", done: 0 };
    const stopTelling = tellWaiting((since) => this.#move({ since }));
    const onProgress = (done: number) => this.#move({ done });
    try {
      const data = await this.source.layer(part, layer, { signal: ended, onProgress });
      if (ended.aborted) return;
      this.#data.value = data;
      this.#loading.value = { state: "ready" };
    } catch (error) {
      if (!ended.aborted) this.#loading.value = { state: "failed", error: asError(error) };
    } finally {
      stopTelling();
    }
  }

  #move(progress: Partial<Extract<Loading, { state: "pending" }>>): void {
    const now = this.#loading.peek();
    if (now.state === "pending") this.#loading.value = { ...now, ...progress };
  }
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
