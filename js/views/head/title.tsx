import type { LayerMeta } from "../../store/meta.js";
import { magnitude } from "../shared/format.js";
import { toggleHelp } from "./keys.js";
import type { ViewState } from "./state.js";

export function Title({ view }: { view: ViewState }) {
  const { meta } = view.store;
  const { layers } = view.part.value;
  const { heads } = view.layerMeta.value;
  return (
    <header class="line title">
      <h3>Heads</h3>
      <span class="muted small model">
        {meta.model}, {counted(layers.length, "layer")}
        {heads > 0 && ` × ${counted(heads, "head")}`}
      </span>
      <span class="spring" />
      <Certificate view={view} />
      <button
        type="button"
        class="icon-button"
        aria-label="All keys"
        aria-expanded={view.helpOpen.value}
        onClick={view.guard(() => toggleHelp(view))}
      >
        ?
      </button>
      <Progress view={view} />
    </header>
  );
}

/** How exact the numbers of the chosen layer are, and of the others in the tooltip. */
function Certificate({ view }: { view: ViewState }) {
  const layer = view.layerMeta.value;
  if (layer.error === null) {
    return (
      <span class="certificate refused" data-hint={layer.reason || "There is no exact answer about this layer."}>
        layer {layer.layer} refused
      </span>
    );
  }
  if (view.store.loading.value.state === "failed") return null; // whatever it is, it is not exact
  if (layer.nonfinite !== "") {
    return (
      <span class="certificate refused" data-hint="Only what the model itself computed as a number could be compared.">
        not finite, not certified
      </span>
    );
  }
  return (
    <span class="certificate" data-hint={explain(layer, view.part.value.layers)}>
      <svg
        width="11"
        height="11"
        viewBox="0 0 11 11"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        aria-hidden="true"
      >
        <path d="M1.5 6 4.3 8.7 9.5 2.5" stroke-linecap="round" />
      </svg>
      <span>
        <span class="certificate-text">exact, certified </span>
        {magnitude(layer.error)}
      </span>
    </span>
  );
}

function explain({ layer, error }: LayerMeta, layers: readonly LayerMeta[]): string {
  const errors = layers.flatMap((one) => (one.error === null ? [] : [one.error]));
  const refused = layers.filter((one) => one.error === null).map((one) => one.layer);
  return [
    `Layer ${layer} was recomputed and compared with what the model itself did in the same forward pass.`,
    `Largest difference: ${magnitude(error ?? 0)} of an attention weight; over all layers ${magnitude(Math.max(...errors))}.`,
    ...(refused.length > 0 ? [`Refused: layer ${refused.join(", ")}.`] : []),
  ].join("\n");
}

/** A thin line while a layer is under way. */
function Progress({ view }: { view: ViewState }) {
  const loading = view.store.loading.value;
  if (loading.state !== "pending" || loading.since === "now") return null;
  const done = Math.round(100 * loading.done);
  return (
    <div class="progress" role="progressbar" aria-label="Loading the layer" aria-valuenow={done}>
      <i style={{ width: `${Math.max(4, done)}%` }} />
    </div>
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
