import { Shell } from "../shared/shell.js";
import { HeadPane } from "./head_pane.js";
import { useRows } from "./rows.js";
import type { ViewState } from "./state.js";

function hintsOf(view: ViewState): string[][] {
  if (view.map.isOn.value) return [["Shift + wheel", "zooms"]];
  return view.hasRows && view.layout.value.scrolls ? [["Shift + wheel", "scrolls"]] : [];
}

/** The attention-head view as a widget of its own. */
export function HeadView({ view }: { view: ViewState }) {
  useRows(view);
  const hints = hintsOf(view);
  return (
    <Shell store={view.store} frame={view.frame} label="Attention heads" hints={hints}>
      <HeadPane view={view} />
    </Shell>
  );
}
