import { px } from "../shared/style.js";
import type { ViewState } from "./state.js";

/** What the columns are, and whose numbers stand beside them. */
export function Captions({ view }: { view: ViewState }) {
  const { zone, token, width, lines } = view.layout.value;
  const { head } = view.store.drawn.value;
  const whose = head === null ? "" : `head ${head}`;
  const isLeft = view.focus.value?.side === "key";
  if (view.store.loading.value.state === "failed") return <div class="captions" />;
  return (
    <div class="captions" style={{ width: px(width) }}>
      <span>{isLeft ? whose : ""}</span>
      <span class="from" style={{ left: px(zone.query - token), width: px(token) }}>
        {view.store.side("query").kind === "frames" ? "from second" : "looks from"}
      </span>
      <span class="to" style={{ left: px(zone.query + lines) }}>
        {toWhat(view)}
      </span>
      <span class="whose">{isLeft ? "" : whose}</span>
    </div>
  );
}

function toWhat({ store }: ViewState): string {
  if (store.side("key").kind === "frames") return "to second";
  return store.part.value.name === "cross" ? "to source" : "to";
}
