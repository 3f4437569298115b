import type { Settings } from "../../store/settings.js";
import { flipLinks, whyDisabled, whyNoFilter } from "../shared/actions.js";
import { Choices, type Option } from "../shared/choices.js";
import { counted } from "../shared/format.js";
import { Intensity } from "../shared/intensity.js";
import { PaneTitle } from "../shared/pane_title.js";
import { Progress, sayComing } from "../shared/progress.js";
import { SentenceFilter, TokenSwitch } from "../shared/token_settings.js";
import { NumberFields } from "./number_fields.js";
import type { ModelState } from "./state.js";

const KINDS: readonly Option<Settings["thumbnails"]>[] = [{ value: "matrix" }, { value: "lines" }];

/** In the explorer what concerns the tokens stands with the heads; alone there is more to set, on a line of its own. */
export function ModelHeader({ view }: { view: ModelState }) {
  const { store, frame } = view;
  const { pictures, loading } = view.thumbnails;
  const wanted = view.layers.value.filter(({ heads }) => heads > 0);
  const here = wanted.filter(({ layer }) => pictures.value.has(layer)).length;
  const coming = sayComing(loading.value, here, wanted.length, "layer");
  const detail = !view.isFolded.value && (
    <>
      <Size view={view} />
      {coming !== "" && <span class="coming">{coming}</span>}
    </>
  );
  return (
    <header class="pane-head">
      <PaneTitle store={store} frame={frame} name="Model" detail={detail}>
        {!frame.isAlone && !view.isFolded.value && <Looks view={view} />}
        <Progress loading={loading.value} label="Loading the pictures" />
      </PaneTitle>
      {frame.isAlone && (
        <div class="line settings">
          <Looks view={view} />
          {whyDisabled(store, "hide_special") === "" && <TokenSwitch store={store} frame={frame} name="hide_special" />}
          {whyNoFilter(store) === "" && <SentenceFilter store={store} frame={frame} />}
        </div>
      )}
      {view.isChoosing.value && !view.isFolded.value && <NumberFields view={view} />}
    </header>
  );
}

/** How the thumbnails are drawn. */
function Looks({ view }: { view: ModelState }) {
  const { thumbnails } = view.store.settings.value;
  return (
    <span class="looks">
      <button
        type="button"
        class="switch"
        role="switch"
        aria-checked={view.store.settings.value.links}
        data-hint="Which heads link the pinned query and key? (l)"
        onClick={view.guard(() => flipLinks(view))}
      >
        rank heads
      </button>
      <Intensity store={view.store} frame={view.frame} />
      <Choices
        label="Thumbnails"
        options={KINDS}
        chosen={thumbnails}
        choose={view.guard((value) => view.store.set({ thumbnails: value }))}
      />
    </span>
  );
}

/** How many layers and heads there are, or are shown of them; opens the fields that leave some out. */
function Size({ view }: { view: ModelState }) {
  const all = { layers: view.store.part.value.layers.length, heads: view.allHeads.length };
  const toggle = view.guard(() => {
    view.isChoosing.value = !view.isChoosing.peek();
  });
  return (
    <button
      type="button"
      class="size"
      aria-expanded={view.isChoosing.value}
      data-hint="Show only some layers or heads"
      onClick={toggle}
    >
      {shownOf(view.layers.value.length, all.layers, "layer")} × {shownOf(view.heads.value.length, all.heads, "head")}
    </button>
  );
}

function shownOf(shown: number, all: number, what: string): string {
  return shown === all ? counted(all, what) : `${shown} of ${counted(all, what)}`;
}
