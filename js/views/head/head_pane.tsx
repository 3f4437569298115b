import { useRef } from "preact/hooks";
import type { Settings } from "../../store/settings.js";
import { Choices, type Option } from "../shared/choices.js";
import { PaneTitle } from "../shared/pane_title.js";
import { Progress } from "../shared/progress.js";
import { SentenceFilter, TokenSwitch } from "../shared/token_settings.js";
import { useWidth } from "../shared/width.js";
import { Body } from "./body.js";
import { Captions } from "./captions.js";
import { Chips } from "./chips.js";
import { Foot } from "./foot.js";
import { Layers } from "./layers.js";
import { MapChoices, ModeChoices } from "./map/choices.js";
import { HeadMap } from "./map/map.js";
import { MapTip } from "./map/tip.js";
import { PicturedBody } from "./pictured_body.js";
import type { ViewState } from "./state.js";
import { Tips } from "./tip_box.js";

/** The attention-head view as a pane, alone or in the explorer: two columns of tokens joined by lines. */
export function HeadPane({ view }: { view: ViewState }) {
  const pane = useRef<HTMLDivElement>(null);
  const { store, frame } = view;
  const isMap = view.map.isOn.value;
  useWidth(pane, view.width, view.guard);
  return (
    <div class="head-pane" ref={pane} {...frame.region("Attention heads")}>
      <header class="pane-head">
        <PaneTitle store={store} frame={frame} name="Heads">
          {!frame.isAlone && <ModeChoices view={view} />}
          {!frame.isAlone && !isMap && <PatchChoices view={view} />}
          <Progress loading={store.loading.value} label="Loading the layer" />
          {isMap && <Progress loading={view.map.loader.loading.value} label="Loading the map" />}
        </PaneTitle>
        <div class="line choice">
          <Layers view={view} />
          <Chips view={view} />
        </div>
        <div class="line settings">
          {frame.isAlone && <ModeChoices view={view} />}
          {isMap ? <MapChoices view={view} /> : <TokenSettings view={view} />}
        </div>
        <Remarks view={view} />
        {view.hasRows && <Captions view={view} />}
      </header>
      <div class="pane-body">
        {view.width.value > 0 && <PaneBody view={view} />}
        {isMap ? <MapTip map={view.map} /> : <Tips view={view} pane={pane} />}
      </div>
      {view.hasRows ? <Foot view={view} /> : <footer class="pane-foot" />}
    </div>
  );
}

function PaneBody({ view }: { view: ViewState }) {
  if (view.map.isOn.value) return <HeadMap map={view.map} />;
  return view.pictured.isOn.value ? <PicturedBody view={view} /> : <Body view={view} />;
}

function TokenSettings({ view }: { view: ViewState }) {
  const { store, frame } = view;
  return (
    <>
      <TokenSwitch store={store} frame={frame} name="hide_first" />
      <TokenSwitch store={store} frame={frame} name="hide_special" />
      <TokenSwitch store={store} frame={frame} name="words" />
      <SentenceFilter store={store} frame={frame} />
      {frame.isAlone && <PatchChoices view={view} />}
    </>
  );
}

const PATCHES: readonly Option<Settings["patches"]>[] = [{ value: "picture" }, { value: "columns" }];

/** Nothing where no token is a patch. */
function PatchChoices({ view }: { view: ViewState }) {
  if (!view.pictured.isThere.value) return null;
  return (
    <Choices
      label="Patches"
      options={PATCHES}
      chosen={view.store.settings.value.patches}
      choose={view.guard((patches) => view.store.set({ patches }))}
    />
  );
}

/** What one must know of the layer before one trusts the picture. */
function Remarks({ view }: { view: ViewState }) {
  const { layer, heads, reason, nonfinite } = view.layerMeta.value;
  return (
    <>
      {nonfinite !== "" && (
        <p class="remark error">
          Layer {layer} holds numbers that are not finite: {nonfinite}
        </p>
      )}
      {heads > 0 && reason !== "" && <p class="remark">{reason}</p>}
    </>
  );
}
