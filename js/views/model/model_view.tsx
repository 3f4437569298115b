import { ModelPane } from "./model_pane.js";
import type { ModelState } from "./state.js";

/** The model view as a widget of its own. */
export function ModelView({ view }: { view: ModelState }) {
  return (
    <section class="pane" aria-label="Model">
      <ModelPane view={view} />
    </section>
  );
}
