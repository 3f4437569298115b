import { type ReadonlySignal, signal } from "@preact/signals";
import type { Source, TileQuestion } from "../source/source.js";
import { type Loading, READY, tellOf } from "./loading.js";

/** So many are under way at once: what is no longer wanted then does not stand in line before what is. */
const AT_ONCE = 4;

/** Asks for the tiles of a map, the most wanted first, and ends what is no longer wanted. */
export class TileLoader {
  readonly #loading = signal(READY);
  readonly #arrived = signal(0);
  #ending = new AbortController();

  constructor(private readonly source: Pick<Source, "peekTile" | "tile">) {}

  /** Whether tiles that are needed have yet to come. */
  get loading(): ReadonlySignal<Loading> {
    return this.#loading;
  }

  /** Changes whenever a tile has come. */
  get arrived(): ReadonlySignal<number> {
    return this.#arrived;
  }

  /** Wants tiles, and no others any more: those that are needed now, then those for soon. */
  want(needed: readonly TileQuestion[], soon: readonly TileQuestion[]): void {
    const before = this.#ending;
    this.#ending = new AbortController();
    void this.#askAll(needed, soon, this.#ending.signal);
    before.abort(); // last, so that what is still wanted goes on
  }

  async #askAll(needed: readonly TileQuestion[], soon: readonly TileQuestion[], ended: AbortSignal): Promise<void> {
    const isMissing = (question: TileQuestion) => this.source.peekTile(question) === undefined;
    const missing = needed.filter(isMissing);
    if (missing.length > 0) {
      await tellOf(
        this.#loading,
        ended,
        (onProgress) => this.#ask(missing, ended, onProgress),
        () => {},
      );
    } else this.#loading.value = READY;
    if (this.#loading.peek() === READY) await this.#ask(soon.filter(isMissing), ended).catch(() => {}); // asked again once needed
  }

  async #ask(
    questions: readonly TileQuestion[],
    signal: AbortSignal,
    onProgress?: (done: number) => void,
  ): Promise<void> {
    let [next, done] = [0, 0];
    const goOn = async () => {
      while (next < questions.length && !signal.aborted) {
        await this.source.tile(questions[next++], { signal });
        this.#arrived.value += 1;
        onProgress?.(++done / questions.length);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, goOn));
  }
}
