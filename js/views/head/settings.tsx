import { SentenceFilter, TokenSwitch } from "../shared/token_settings.js";
import type { ViewState } from "./state.js";

/** Which tokens take part. */
export function SettingsRow({ view: { store, frame } }: { view: ViewState }) {
  return (
    <div class="line settings">
      <TokenSwitch store={store} frame={frame} name="hide_first" />
      <TokenSwitch store={store} frame={frame} name="hide_special" />
      <TokenSwitch store={store} frame={frame} name="words" />
      <SentenceFilter store={store} frame={frame} />
    </div>
  );
}
