import { Shell } from "../shared/shell.js";
import { HeadPane } from "./head_pane.js";
import type { ViewState } from "./state.js";

/** The attention-head view as a widget of its own. */
export function HeadView({ view }: { view: ViewState }) {
  return (
    <Shell store={view.store} frame={view.frame} label="Attention heads">
      <HeadPane view={view} />
    </Shell>
  );
}
