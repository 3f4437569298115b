import type { Loading } from "../../store/loading.js";

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
