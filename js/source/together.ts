import type { Following } from "./source.js";

interface Work<Value> {
  promise: Promise<Value>;
  followers: Set<Following>;
  ending: AbortController;
}

/** Lets several wait for one piece of work, which ends early only when none of them is interested any more. */
export class Together<Value> {
  readonly #running = new Map<string, Work<Value>>();

  /** Follows the work of this name, which is started if it is not under way. */
  run(name: string, following: Following, start: (following: Following) => Promise<Value>): Promise<Value> {
    const { signal } = following;
    if (signal.aborted) return Promise.reject(signal.reason);
    const work = this.#running.get(name) ?? this.#start(name, start);
    work.followers.add(following);
    return new Promise((resolve, reject) => {
      const leave = () => {
        work.followers.delete(following);
        signal.removeEventListener("abort", abort);
      };
      const abort = () => {
        leave();
        if (work.followers.size === 0) this.#end(name, work, signal.reason);
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort);
      work.promise.then(resolve, reject).finally(leave);
    });
  }

  #start(name: string, start: (following: Following) => Promise<Value>): Work<Value> {
    const ending = new AbortController();
    const followers = new Set<Following>();
    const onProgress = (done: number) => {
      for (const follower of followers) follower.onProgress?.(done);
    };
    const work = { promise: start({ signal: ending.signal, onProgress }), followers, ending };
    this.#running.set(name, work);
    const forget = () => this.#forget(name, work);
    work.promise.then(forget, forget);
    return work;
  }

  #end(name: string, work: Work<Value>, reason: unknown): void {
    this.#forget(name, work); // so that who comes now starts anew
    work.ending.abort(reason);
  }

  #forget(name: string, work: Work<Value>): void {
    if (this.#running.get(name) === work) this.#running.delete(name);
  }
}
