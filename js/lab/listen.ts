/** A signal of JupyterLab's. */
export interface Told<Told = unknown> {
  connect(act: (sender: unknown, told: Told) => void): unknown;
  disconnect(act: (sender: unknown, told: Told) => void): unknown;
}

/** Listens to a signal until another one ends it. */
export function listen<What>(signal: Told<What>, act: (sender: unknown, told: What) => void, until: AbortSignal): void {
  if (until.aborted) return;
  signal.connect(act);
  until.addEventListener("abort", () => signal.disconnect(act));
}
