import type { ComponentChild } from "preact";
import { useRef } from "preact/hooks";
import { spoken } from "../shared/format.js";
import { Label } from "../shared/label.js";
import { headColour } from "../shared/palette.js";
import { type Anchor, anchorIn, placed, Tooltip } from "../shared/tooltip.js";
import { ROW } from "./layout.js";
import { nameOf } from "./option.js";
import { boxesIn } from "./sight.js";
import type { ViewState } from "./state.js";
import { pairTip, placeTip, type Tip } from "./tips.js";

/** What the heads say of a token or a pair, one line each. */
function TipBox({ view, tip }: { view: ViewState; tip: Tip }) {
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

/** The tooltip about the token under the pointer; a word about a control comes first. */
export function Tips({ view, pane }: { view: ViewState; pane: { current: HTMLElement | null } }) {
  const kept = useRef<ComponentChild>(null);
  if (view.frame.hint.value !== null) return null;
  const hover = view.hover.value;
  const tip = tipOf(view);
  const anchorOfHover = view.pictured.isOn.value ? anchorOfPatch : anchorOfEntry;
  const anchor = hover === null || tip === null ? null : anchorOfHover(view, pane.current);
  const now =
    anchor === null || tip === null || hover === null ? null : (
      <Tooltip anchor={anchor} align={hover.side === "query" ? "right" : "left"}>
        {view.pictured.isOn.value && <div>{nameOf(view, hover.side, hover.entry)}</div>}
        <TipBox view={view} tip={tip} />
      </Tooltip>
    );
  kept.current = now ?? kept.current; // its elements cost more than other words in them
  return <div class={now === null ? "kept away" : "kept"}>{kept.current}</div>;
}

function tipOf(view: ViewState): Tip | null {
  const hover = view.rest.value;
  const picture = view.picture.value;
  if (hover === null || hover !== view.hover.value || hover.by === "pane") return null;
  if (picture === null || view.store.loading.value.state !== "ready") return null;
  const focus = view.focus.value;
  const partner = view.partner.value;
  if (focus === null || partner === null) return placeTip(picture, view.heads.value, hover);
  const [query, key] = focus.side === "query" ? [focus.entry, partner] : [partner, focus.entry];
  return pairTip(picture, view.heads.value, query, key);
}

/** The place beside the token, so that the tooltip covers neither the tokens below nor the lines. */
function anchorOfEntry(view: ViewState): Anchor | null {
  const hover = view.hover.value;
  const ground = view.frame.grounds.get(hover?.side ?? "");
  if (!ground || hover === null) return null;
  const { token, zone } = view.layout.value;
  const top = hover.entry * ROW - view.topOf(hover.side);
  return placed(ground, { left: token, width: zone[hover.side] - 2 * token, top, height: ROW });
}

/** The patch itself, or the token that stands for none. */
function anchorOfPatch(view: ViewState, pane: HTMLElement | null): Anchor | null {
  const hover = view.hover.value;
  const list = pane?.querySelector(`.sight.${hover?.side}`);
  const shell = pane?.closest(".shell");
  if (!shell || !list || hover === null) return null;
  const box = boxesIn(list, view.pictured.patches[hover.side].value).get(hover.entry);
  return box === undefined ? null : anchorIn(box, shell);
}
