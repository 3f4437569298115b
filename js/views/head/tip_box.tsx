import { headColour } from "../shared/palette.js";
import { spoken } from "./announce.js";
import { Label } from "./label.js";
import type { ViewState } from "./state.js";
import type { Tip } from "./tips.js";

/** What the heads say of a token or a pair, one line each. */
export function TipBox({ view, tip }: { view: ViewState; tip: Tip }) {
  return (
    <div class="says">
      {tip.lines.map(({ head, token, value, left }) => (
        <div key={head}>
          <i class="dot" style={{ background: headColour(head, view.look.value.theme) }} />
          <span>head {head}:</span> <span class="label">{token !== "" && <Label text={spoken(token)} />}</span>{" "}
          <span class="value">{value}</span>
          <span class="left">{left !== "" && ` ${left}`}</span>
        </div>
      ))}
      {tip.more > 0 && <span class="more">and {tip.more} more</span>}
    </div>
  );
}
