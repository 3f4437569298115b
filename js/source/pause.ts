/** So long the page may be kept from its reader at a time. */
const WORKING_MS = 8;

/** Lets the page answer its reader in the midst of long work. */
export class Pause {
  #next = performance.now() + WORKING_MS;

  constructor(private readonly signal: AbortSignal) {}

  get isDue(): boolean {
    return performance.now() > this.#next;
  }

  /** @throws the abort reason, if nobody is interested any more. */
  async take(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    this.signal.throwIfAborted();
    this.#next = performance.now() + WORKING_MS;
  }
}
