import { Shell } from "../shared/shell.js";
import { HeadPane } from "./head_pane.js";
import { useRows } from "./rows.js";
import type { ViewState } from "./state.js";

/** The attention-head view as a widget of its own. */
export function HeadView({ view }: { view: ViewState }) {
  useRows(view);
  const hints = view.layout.value.scrolls && !view.pictured.isOn.value ? [["Shift + wheel", "scrolls"]] : [];
  return (
    <Shell store={view.store} frame={view.frame} label="Attention heads" hints={hints}>
      <HeadPane view={view} />
    </Shell>
  );
}
