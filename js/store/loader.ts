import { batch, type ReadonlySignal, signal, untracked } from "@preact/signals";
import type { LayerData } from "../source/layer.js";
import type { Need } from "../source/need.js";
import { type Following, type OnProgress, type Source, SourceError } from "../source/source.js";
import { asError, follow, type Loading, READY, tellOf } from "./loading.js";

export interface Wanted {
  part: string;
  layer: number;
  /** Why there is no use in asking; "" for none. */
  refusal: string;
  /** The layers around it, that which is wanted next before the other. */
  around: readonly number[];
}

/** Whoever stays so long on a layer may well go on to the next. */
const REST_MS = 500;

/** Keeps one layer: the wanted one as soon as it is there, until then the one before. */
export class Loader {
  readonly #data = signal<LayerData | null>(null);
  readonly #loading = signal<Loading>({ state: "pending", since: "now", done: 0 });

  /** @param needs What has to be here of a layer before it is shown. */
  constructor(
    private readonly source: Pick<Source, "peek" | "layer" | "hasRoomAround">,
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

  /** Brings a layer and what has to be here of it before it is shown, of these heads or of those that are drawn. */
  async bring(part: string, layer: number, following: Following, heads?: readonly number[]): Promise<LayerData> {
    const data = await this.source.layer(part, layer, following);
    await Promise.all(this.#missing(data, heads).map((need) => data.bring(need, following)));
    return data;
  }

  #load(wanted: Wanted): (() => void) | undefined {
    const { part, layer, refusal } = wanted;
    if (refusal !== "") {
      this.#loading.value = { state: "failed", error: new SourceError("RefusedLayer", refusal) };
      return;
    }
    const ending = new AbortController();
    const show = (data: LayerData) => {
      if (this.#data.peek() !== null) this.#lookAround(wanted, data, ending.signal);
      this.#data.value = data;
    };
    const known = this.source.peek(part, layer);
    if (known !== undefined && this.#missing(known).length === 0) {
      batch(() => {
        show(known);
        this.#loading.value = READY;
      });
    } else {
      const ask = (onProgress: OnProgress) => this.bring(part, layer, { signal: ending.signal, onProgress });
      tellOf(this.#loading, ending.signal, ask, show);
    }
    return () => ending.abort();
  }

  /** After one step there may be another: brings the layers around, one after the other, until yet another is wanted. */
  #lookAround({ part, around }: Wanted, data: LayerData, ended: AbortSignal): void {
    if (this.source.hasRoomAround?.(data) !== true) return;
    const ask = async () => {
      for (const layer of around) if (!ended.aborted) await this.bring(part, layer, { signal: ended });
    };
    const timer = setTimeout(() => ask().catch(() => {}), REST_MS); // whoever wants the layer is told why there is none
    ended.addEventListener("abort", () => clearTimeout(timer));
  }

  /** Of the heads that the layer has. */
  #missing(data: LayerData, heads?: readonly number[]): Need[] {
    const fits = (head: number) => head < data.heads;
    const fitting = this.needs().map((need) => ({ ...need, heads: (heads ?? need.heads).filter(fits) }));
    return fitting.filter((need) => !untracked(() => data.isHere(need)));
  }

  /** Waits for numbers of the layer that is shown. */
  followMore(coming: Promise<void>, ended: AbortSignal): void {
    coming.catch((error) => {
      if (!ended.aborted) this.#loading.value = { state: "failed", error: asError(error) };
    });
  }
}
