import type { Page } from "@playwright/test";

/** What a page has alive that outlasts elements: observers, and listeners on what is never removed. */
export interface Alive {
  observers: number;
  listeners: number;
  timers: number;
}

declare global {
  interface Window {
    alive: Alive;
  }
}

/** Counts from the start of the page on. Call before it is opened. */
export async function countLeaks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const alive = { observers: 0, listeners: 0, timers: 0 };
    window.alive = alive;
    for (const name of ["ResizeObserver", "MutationObserver"] as const) {
      const prototype = window[name].prototype;
      const watching = new WeakSet<object>();
      const { observe, disconnect } = prototype;
      prototype.observe = function (this: object, ...args: unknown[]) {
        if (!watching.has(this)) alive.observers += 1;
        watching.add(this);
        return Reflect.apply(observe, this, args);
      };
      prototype.disconnect = function (this: object) {
        if (watching.delete(this)) alive.observers -= 1;
        return Reflect.apply(disconnect, this, []);
      };
    }
    const isLasting = (target: unknown) => !(target instanceof AbortSignal) && !(target instanceof Element);
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    EventTarget.prototype.addEventListener = function (type, callback, options) {
      const signal = typeof options === "object" ? options.signal : undefined;
      if (isLasting(this) && !signal?.aborted) {
        alive.listeners += 1;
        const gone = () => {
          alive.listeners -= 1;
        };
        if (signal) Reflect.apply(addEventListener, signal, ["abort", gone]);
      }
      return Reflect.apply(addEventListener, this, [type, callback, options]);
    };
    EventTarget.prototype.removeEventListener = function (...args) {
      if (isLasting(this)) alive.listeners -= 1;
      return Reflect.apply(removeEventListener, this, args);
    };
    const pending = new Set<number>();
    const { setTimeout: set, clearTimeout: clear } = window;
    const count = () => {
      alive.timers = pending.size;
    };
    window.setTimeout = ((action: TimerHandler, ms?: number, ...args: unknown[]) => {
      const run = () => {
        pending.delete(id);
        count();
        if (typeof action === "function") action(...args);
      };
      const id = set(run, ms);
      pending.add(id);
      count();
      return id;
    }) as typeof window.setTimeout;
    window.clearTimeout = ((id?: number) => {
      if (id !== undefined) pending.delete(id);
      count();
      clear(id);
    }) as typeof window.clearTimeout;
  });
}
