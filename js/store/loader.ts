import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { LayerData } from "../source/layer.js";
import { type Source, SourceError } from "../source/source.js";

/** Waiting for less than this shows nothing at all. */
const NOTICED_MS = 300;
/** After this much waiting, without a sign of life, something else is running in the kernel. */
const BUSY_MS = 1500;
/** After this much, the kernel may just as well have been restarted. */
const SILENT_MS = 30_000;

export interface Wanted {
  part: string;
  layer: number;
  /** Why there is no use in asking; "" for none. */
  refusal: string;
}

/** How long there has been nothing: too short to tell, long enough to show, as if the kernel were busy, or gone. */
export type Since = "now" | "noticed" | "busy" | "silent";

/** How the wanted layer comes along. */
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
    const timers = [
      setTimeout(() => this.#move({ since: "noticed" }), NOTICED_MS),
      setTimeout(() => this.#move({ since: "busy" }), BUSY_MS),
      setTimeout(() => this.#move({ since: "silent" }), SILENT_MS),
    ];
    const onProgress = (done: number) => this.#move({ done });
    try {
      const data = await this.source.layer(part, layer, { signal: ended, onProgress });
      if (ended.aborted) return;
      this.#data.value = data;
      this.#loading.value = { state: "ready" };
    } catch (error) {
      if (!ended.aborted) this.#loading.value = { state: "failed", error: asError(error) };
    } finally {
      for (const timer of timers) clearTimeout(timer);
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
