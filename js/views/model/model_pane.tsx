import { useEffect, useRef } from "preact/hooks";
import { Notice, sayBusy } from "../shared/notice.js";
import { useWidth } from "../shared/width.js";
import { EnlargedHead } from "./enlarged_head.js";
import { Grid } from "./grid.js";
import { ModelHeader } from "./header.js";
import { Ranking } from "./ranking.js";
import type { ModelState } from "./state.js";

/** The model view as a pane, alone or in the explorer: all heads as thumbnails, one of them enlarged. */
export function ModelPane({ view }: { view: ModelState }) {
  const pane = useRef<HTMLDivElement>(null);
  useWidth(pane, view.width, view.guard);
  useEffect(() => view.attach(), [view]);
  const loading = view.thumbnails.loading.value;
  const isEmpty = view.layers.value.length * view.heads.value.length === 0;
  const text = isEmpty ? "All heads are left out." : sayBusy(loading, "the pictures come");
  return (
    <div class="model-pane" {...view.frame.region("Model")} ref={pane}>
      <ModelHeader view={view} />
      <div class={view.layout.value.beside ? "pane-body beside" : "pane-body"}>
        {view.width.value > 0 && (
          <>
            <div class="grid-place">
              <Grid view={view} />
              <Notice loading={loading} text={text} />
            </div>
            {!view.isFolded.value && <EnlargedHead view={view} />}
          </>
        )}
      </div>
      {view.links.isOpen.value && <Ranking view={view} />}
      <footer class="pane-foot" />
    </div>
  );
}
