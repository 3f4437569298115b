/** Waiting for less than this shows nothing at all. */
const NOTICED_MS = 300;
/** After this much waiting, without a sign of life, something else is running in the kernel. */
const BUSY_MS = 1500;
/** After this much, the kernel may just as well have been restarted. */
const SILENT_MS = 30_000;

/** How long there has been nothing: too short to tell, long enough to show, as if the kernel were busy, or gone. */
export type Since = "now" | "noticed" | "busy" | "silent";

/** Tells how long one has been waiting, until the returned function is called. */
export function tellWaiting(tell: (since: Since) => void): () => void {
  const timers = [
    setTimeout(() => tell("noticed"), NOTICED_MS),
    setTimeout(() => tell("busy"), BUSY_MS),
    setTimeout(() => tell("silent"), SILENT_MS),
  ];
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}
