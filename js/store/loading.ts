import { batch, effect, type ReadonlySignal, type Signal } from "@preact/signals";
import type { OnProgress } from "../source/source.js";
import { type Since, tellWaiting } from "./waiting.js";

/** How what is wanted comes along: since when there is no sign of it, the share that is done, the seconds it will take. */
export type Loading =
  | { state: "ready" }
  | { state: "pending"; since: Since; done: number; left?: number }
  | { state: "failed"; error: Error };

/** One object, so that what stays ready renders nothing anew. */
export const READY: Loading = { state: "ready" };

/** Loads whatever is wanted, until the returned function is called. What goes wrong is not thrown at who set a trait. */
export function follow<Wanted>(
  wanted: ReadonlySignal<Wanted>,
  loading: Signal<Loading>,
  load: (wanted: Wanted) => (() => void) | undefined,
): () => void {
  return effect(() => {
    try {
      return load(wanted.value);
    } catch (error) {
      loading.value = { state: "failed", error: asError(error) };
      return undefined;
    }
  });
}

/**
 * Tells of a question from when it is asked until it is answered, has failed or has been ended.
 *
 * @param show Shows the answer, in one step with the end of the waiting.
 */
export async function tellOf<Value>(
  loading: Signal<Loading>,
  ended: AbortSignal,
  ask: (onProgress: OnProgress) => Promise<Value>,
  show: (answer: Value) => void,
): Promise<void> {
  const move = (progress: { since: Since } | { done: number; left?: number }) => {
    const now = loading.peek();
    if (now.state === "pending" && !ended.aborted) loading.value = { ...now, ...progress };
  };
  loading.value = { state: "pending", since: "now", done: 0 };
  const stopTelling = tellWaiting((since) => move({ since }));
  try {
    const answer = await ask((done, left) => move(left === undefined ? { done } : { done, left }));
    if (ended.aborted) return;
    batch(() => {
      show(answer);
      loading.value = READY;
    });
  } catch (error) {
    if (!ended.aborted) loading.value = { state: "failed", error: asError(error) };
  } finally {
    stopTelling();
  }
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
