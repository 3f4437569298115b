import { counted, exact } from "../shared/format.js";
import { Intensity } from "../shared/intensity.js";
import { Notice } from "../shared/notice.js";
import { classes } from "../shared/style.js";
import { notice } from "./body.js";
import { strengthOf } from "./heat.js";
import { MOST_ALPHA } from "./patch_paint.js";
import { Sight } from "./sight.js";
import type { ViewState } from "./state.js";

/** Both sides as pictures: pointing at a patch, or a token, of one lays over the other what it looks at, or what at it. */
export function PicturedBody({ view }: { view: ViewState }) {
  const loading = view.store.loading.value;
  const isOld = loading.state === "pending" && loading.since !== "now";
  return (
    <div class="pictured">
      <div class={classes("sights", { old: isOld, gone: loading.state === "failed" })}>
        <Sight view={view} side="query" />
        <Sight view={view} side="key" />
      </div>
      <Notice loading={loading} text={notice(view, loading)} />
      <Legend view={view} />
    </div>
  );
}

/** What the colours mean. */
function Legend({ view }: { view: ViewState }) {
  const { heat: heatNow, colour } = view.pictured;
  const heat = heatNow.value;
  return (
    <div class="line heat-legend muted small">
      {heat === null ? (
        <span>Point at a patch: its weights are laid over the picture.</span>
      ) : (
        <span class="heat-scale">
          <span>
            {view.measured},{" "}
            {heat.heads.length === 1 ? `head ${heat.heads[0]}` : `mean of ${counted(heat.heads.length, "head")}`}
          </span>
          <span>0</span>
          <i class="heat-ramp" style={{ background: gradient(colour) }} />
          <span>{heat.most === 1 ? "1" : exact(heat.most)}</span>
        </span>
      )}
      <span class="spring" />
      <Intensity store={view.store} frame={view.frame} />
    </div>
  );
}

function gradient(colour: string): string {
  const stops = Array.from({ length: 13 }, (_, at) => {
    const share = Math.round(100 * MOST_ALPHA * strengthOf(at / 12));
    return `color-mix(in srgb, ${colour} ${share}%, transparent)`;
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
