import type { ViewState } from "./state.js";

/** A thin line while a layer is under way. */
export function Progress({ view }: { view: ViewState }) {
  const loading = view.store.loading.value;
  if (loading.state !== "pending" || loading.since === "now") return null;
  const done = Math.round(100 * loading.done);
  return (
    <div class="progress" role="progressbar" aria-label="Loading the layer" aria-valuenow={done}>
      <i style={{ width: `${Math.max(4, done)}%` }} />
    </div>
  );
}
