import { headColour } from "../shared/palette.js";
import { Label } from "./label.js";
import type { ViewState } from "./state.js";
import type { Tip } from "./tips.js";

/** What the heads say of a token or a pair, one line each. */
export function TipBox({ view, tip }: { view: ViewState; tip: Tip }) {
  return (
    <>
      {tip.lines.map(({ head, token, value, left }) => (
        <div key={head}>
          <i class="dot" style={{ background: headColour(head, view.look.value.theme) }} />
          head {head}: {token !== "" && <Label text={token} />} {value}
          {left !== "" && <span class="left">{left}</span>}
        </div>
      ))}
      {tip.more > 0 && <div>and {tip.more} more</div>}
    </>
  );
}
