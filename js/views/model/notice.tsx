import type { Loading } from "../../store/loader.js";
import type { ModelState } from "./state.js";

const BUSY = "kernel is busy; the pictures come when the running cell ends";

/** Why there are no pictures, or not yet, in words. */
export function Notice({ view }: { view: ModelState }) {
  const loading = view.thumbnails.loading.value;
  if (loading.state === "failed") {
    return (
      <div class="refusal" role="alert">
        {loading.error.message}
      </div>
    );
  }
  const text = view.layers.value.length * view.heads.value.length === 0 ? "All heads are left out." : waiting(loading);
  return text === "" ? null : (
    <div class="notice" role="status">
      <span>{text}</span>
    </div>
  );
}

function waiting(loading: Loading): string {
  if (loading.state !== "pending" || loading.done > 0) return "";
  if (loading.since === "busy") return BUSY;
  return loading.since === "silent" ? `${BUSY}; if the kernel was restarted, run this cell again` : "";
}
