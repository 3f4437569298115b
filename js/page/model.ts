import type { Traits } from "../store/synced.js";

type Callback = () => void;

/** The traits of a view on a page without Python: set here, told to nobody. */
export class PageModel implements Traits {
  readonly #traits: Map<string, unknown>;
  readonly #listeners = new Map<string, Set<Callback>>();

  constructor(traits: Record<string, unknown>) {
    this.#traits = new Map(Object.entries(traits));
  }

  get(name: string): unknown {
    return this.#traits.get(name);
  }

  set(name: string, value: unknown): void {
    this.#traits.set(name, value);
    for (const callback of [...(this.#listeners.get(`change:${name}`) ?? [])]) callback();
  }

  save_changes(): void {}

  on(event: string, callback: Callback): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(callback));
  }

  off(event: string, callback: Callback): void {
    this.#listeners.get(event)?.delete(callback);
  }
}
