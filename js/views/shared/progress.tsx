import type { Loading } from "../../store/loading.js";
import { counted } from "./format.js";

/** A thin line while something is under way. */
export function Progress({ loading, label }: { loading: Loading; label: string }) {
  if (loading.state !== "pending" || loading.since === "now") return null;
  const done = Math.round(100 * loading.done);
  return (
    <div class="progress" role="progressbar" aria-label={label} aria-valuenow={done}>
      <i style={{ width: `${Math.max(4, done)}%` }} />
    </div>
  );
}

/** How far what comes piece by piece has come, such as "12 of 30 layers, about 8 s"; "" while there is nothing to wait for. */
export function sayComing(loading: Loading, here: number, all: number, what: string): string {
  if (loading.state !== "pending" || loading.since === "now" || loading.done === 0 || here === all) return "";
  const { left } = loading;
  const rest =
    left === undefined ? [] : [left < 100 ? `about ${Math.ceil(left)} s` : `about ${Math.round(left / 60)} min`];
  return [`${here} of ${counted(all, what)}`, ...rest].join(", ");
}
