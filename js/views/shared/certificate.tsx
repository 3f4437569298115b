import { type LayerMeta, standingOf } from "../../store/meta.js";
import type { Store } from "../../store/store.js";
import { magnitude } from "./format.js";
import { Icon } from "./icon.js";
import { classes } from "./style.js";

/** How exact the numbers of the chosen layer are, and of the others in the tooltip. */
export function Certificate({ store }: { store: Store }) {
  const layer = store.layerMeta.value;
  if (layer.heads === 0) {
    const standing = standingOf(layer);
    return (
      <span class={classes("certificate", { refused: standing === "refused" })} data-hint={layer.reason}>
        layer {layer.layer}: {standing}
      </span>
    );
  }
  if (store.loading.value.state === "failed") return null; // whatever it is, it is not exact
  if (layer.nonfinite !== "") {
    return (
      <span class="certificate refused" data-hint="Only what the model itself computed as a number could be compared.">
        not finite, not certified
      </span>
    );
  }
  const rounding = store.data.value?.rounding ?? 0;
  if (rounding > 0) {
    return (
      <span class="certificate" data-hint={[ROUNDED, SOURCES[layer.tier], layer.reason].join("\n").trim()}>
        rounded to {rounding.toPrecision(1)}
      </span>
    );
  }
  if (layer.error === null) {
    return (
      <span class="certificate" data-hint={[SOURCES[layer.tier], layer.reason].join("\n").trim()}>
        not checked
      </span>
    );
  }
  return (
    <span class="certificate" data-hint={explain(layer, store.part.value.layers)}>
      <Icon size={11} width={1.6} path="M1.5 6 4.3 8.7 9.5 2.5" />
      <span>
        <span class="certificate-text">exact, certified </span>
        {magnitude(layer.error)}
      </span>
    </span>
  );
}

const ROUNDED =
  "So that this stays small, its weights are rounded: those of 0.06 or more by next to nothing, smaller ones by less than this. Run in a notebook, they are exact.";

/** Where the attention of a layer was found, by its tier. */
const SOURCES = [
  "These numbers were handed in: there was no forward pass to compare them with.",
  "Recorded where the model calls transformers' attention interface.",
  "Recorded from the operations that the model's own attention code ran.",
  "These are the weights that the model itself returned.",
];

function explain({ layer, error, tier, reason }: LayerMeta, layers: readonly LayerMeta[]): string {
  const errors = layers.flatMap((one) => (one.error === null ? [] : [one.error]));
  const refused = layers.filter((one) => one.heads === 0 && standingOf(one) === "refused").map((one) => one.layer);
  return [
    SOURCES[tier],
    `Layer ${layer} was recomputed and compared with what the model itself did in the same forward pass.`,
    `Largest difference: ${magnitude(error ?? 0)} of an attention weight; over all layers ${magnitude(Math.max(...errors))}.`,
    ...(reason === "" ? [] : [reason]),
    ...(refused.length > 0 ? [`Refused: layer ${refused.join(", ")}.`] : []),
  ].join("\n");
}
