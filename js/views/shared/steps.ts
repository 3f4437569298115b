import type { Axis } from "../../store/axis.js";
import type { Side } from "../../store/meta.js";
import type { Store } from "../../store/store.js";

/** What the model wrote itself, a token a step: step 1 wrote the token at `first`, from the row of the token before. */
export interface Steps {
  first: number;
  count: number;
}

/** Null where nothing was generated. The first token of all came from no row. */
export function stepsOf({ generated, labels }: Side): Steps | null {
  const first = Math.max(1, generated ?? labels.length);
  return first < labels.length ? { first, count: labels.length - first } : null;
}

/** The query whose row wrote a step's token. */
export function queryOf({ first }: Steps, step: number): number {
  return first + step - 2;
}

/** The step whose token a query wrote, null where it wrote none of them. */
export function stepOf({ first, count }: Steps, query: number | null): number | null {
  const step = query === null ? 0 : query - first + 2;
  return step >= 1 && step <= count ? step : null;
}

/** Pins the query of the next step, or of the one before. Returns whether anything was generated. */
export function moveStep(store: Store, by: -1 | 1): boolean {
  const steps = stepsOf(store.side("query"));
  if (steps === null) return false;
  const now = stepOf(steps, store.selection.peek().query) ?? (by > 0 ? 0 : steps.count + 1);
  store.select({ query: queryOf(steps, Math.min(steps.count, Math.max(1, now + by))) });
  return true;
}

/** How the entries that the model wrote are set off from those that it was given, as classes. */
export function marksOf({ generated }: Side, { entries, entryOf }: Axis, entry: number): Record<string, boolean> {
  const last = entries[entry].positions.at(-1) ?? 0;
  if (generated == null || last < generated) return {};
  return { generated: true, "generated-first": entry === entryOf[generated] };
}
