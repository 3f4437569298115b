import { useComputed } from "@preact/signals";
import { range } from "../../store/selection.js";
import { classes, px } from "../shared/style.js";
import { gridListeners } from "./grid_listeners.js";
import { labelStep, rowAt } from "./layout.js";
import { Row } from "./row.js";
import { ScrollView } from "./scroll_view.js";
import type { ModelState } from "./state.js";
import { Thumbs } from "./thumbs.js";

/** Layers down, heads across; one tab stop, in which arrows move. The pictures are on one canvas beneath. */
export function Grid({ view }: { view: ModelState }) {
  const { width, height, bands } = view.layout.value;
  return (
    <ScrollView view={view}>
      {/* biome-ignore lint/a11y/useSemanticElements: a table cannot be laid out in bands */}
      <div
        class="grid"
        role="grid"
        aria-label="Heads of all layers"
        aria-multiselectable="true"
        style={{ width: px(width), height: px(height), "--cell": px(view.layout.value.cell) }}
        {...gridListeners(view)}
      >
        <Thumbs view={view} />
        {range(bands).map((band) => (
          <HeadNumbers key={band} view={view} band={band} />
        ))}
        {view.layers.value.map(({ layer }, index) => (
          <Row key={layer} view={view} layer={layer} index={index} />
        ))}
      </div>
    </ScrollView>
  );
}

/** Numbers over a band; where there is no room for all, every second, and the one in focus before its neighbours. */
function HeadNumbers({ view, band }: { view: ModelState; band: number }) {
  const layout = view.layout.value;
  const heads = view.heads.value;
  const focused = useComputed(() => {
    const { layer, head } = view.store.selection.value;
    const index = view.layers.value.findIndex((one) => one.layer === layer);
    return index >= 0 && Math.floor(index / view.layout.value.rows) === band ? head : null;
  }).value;
  const step = labelStep(layout.cell, heads[heads.length - 1] ?? 0);
  const at = heads.indexOf(focused ?? -1);
  const isNamed = (index: number) => (index % step === 0 && (at < 0 || Math.abs(index - at) >= step)) || index === at;
  const { left } = rowAt(layout, band * layout.rows, heads.length);
  return (
    <div class="head-numbers" style={{ left: px(left + layout.label) }} aria-hidden="true">
      {heads.map((head, index) => (
        <span key={head} class={classes("head-number", { focused: head === focused })}>
          {isNamed(index) ? <b>{head}</b> : ""}
        </span>
      ))}
    </div>
  );
}
