import { standingOf } from "../../store/meta.js";
import { moveLayer } from "../shared/actions.js";
import { Select } from "../shared/select.js";
import type { ViewState } from "./state.js";

/** Chooses the layer: one back, one on, or any from the list. */
export function Layers({ view }: { view: ViewState }) {
  const { layers } = view.part.value;
  const { layer } = view.store.selection.value;
  return (
    <span class="layers">
      <span class="muted small">layer</span>
      <Step view={view} by={-1} label="Previous layer" disabled={layer === layers[0].layer} />
      <Select
        label="Layer"
        options={layers.map((one) => [one.layer, `${one.layer}${one.heads === 0 ? ` (${standingOf(one)})` : ""}`])}
        chosen={layer}
        choose={view.guard((chosen) => view.store.select({ layer: chosen }))}
      />
      <Step view={view} by={1} label="Next layer" disabled={layer === layers[layers.length - 1].layer} />
    </span>
  );
}

function Step({ view, by, label, disabled }: { view: ViewState; by: number; label: string; disabled: boolean }) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      disabled={disabled}
      onClick={view.guard(() => moveLayer(view.store, by))}
    >
      {by < 0 ? "‹" : "›"}
    </button>
  );
}
