import { Shell } from "../shared/shell.js";
import { ModelPane } from "./model_pane.js";
import type { ModelState } from "./state.js";

/** The model view as a widget of its own. */
export function ModelView({ view }: { view: ModelState }) {
  return (
    <Shell store={view.store} frame={view.frame} label="Model">
      <ModelPane view={view} />
    </Shell>
  );
}
