import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { bring } from "../head/needs.js";
import { PaneTitle } from "../shared/pane_title.js";
import { Progress } from "../shared/progress.js";
import { useWidth } from "../shared/width.js";
import { Body } from "./body.js";
import { Captions } from "./captions.js";
import { Choosers } from "./choosers.js";
import { Foot } from "./foot.js";
import { labelOf, plain, sayWhyEmpty } from "./say.js";
import { Sentence } from "./sentence.js";
import { SettingsRow } from "./settings.js";
import type { NeuronState } from "./state.js";
import { NeuronTip } from "./tip.js";

interface Props {
  view: NeuronState;
  /** Whether no head view stands beside it whose tokens name the rows. */
  withTokens?: boolean;
}

/** The neuron view as a pane, alone or in the explorer: a row a token, from its vector to its weight. */
export function NeuronPane({ view, withTokens = view.frame.isAlone }: Props) {
  const pane = useRef<HTMLDivElement>(null);
  useWidth(pane, view.width, view.frame.guard);
  useLayoutEffect(() => {
    view.withTokens.value = withTokens;
  }, [withTokens]);
  useEffect(() => bring(view.head, 0, () => view.need), [view]);
  const why = sayWhyEmpty(view);
  const isReady = why === "" && view.width.value > 0 && view.subject.value !== null;
  return (
    <div class="neuron-pane" {...view.frame.region("Neurons")} ref={pane}>
      <header class="pane-head">
        <PaneTitle
          store={view.store}
          frame={view.frame}
          name="Neurons"
          detail={<Where view={view} isDrawn={isReady} />}
        >
          {view.frame.isAlone && <Progress loading={view.store.loading.value} label="Loading the layer" />}
        </PaneTitle>
        {view.frame.isAlone && <Choosers view={view} />}
        <SettingsRow view={view} />
        {isReady && <Captions view={view} />}
      </header>
      <div class="pane-body">
        {why !== "" && (
          <p class="neuron-why" role={view.store.loading.value.state === "failed" ? "alert" : "status"}>
            {why}
          </p>
        )}
        {isReady && <Body view={view} />}
        {isReady && <NeuronTip view={view} />}
      </div>
      {isReady ? <Foot view={view} /> : <footer class="pane-foot neuron-foot" />}
    </div>
  );
}

/** Such as "layer 9, head 4: She → nurse": of what is drawn, which while another layer is on its way is that of before. */
function Where({ view, isDrawn }: { view: NeuronState; isDrawn: boolean }) {
  const { key, ...selected } = view.store.selection.value;
  const subject = isDrawn ? view.subject.value : null;
  const { layer, head } = subject === null ? selected : { layer: subject.layer.layer, head: subject.head };
  const terms = view.terms.value;
  const place = `layer ${layer}${head === null ? "" : `, head ${head}`}`;
  const from =
    terms === null ? [] : [": ", { token: labelOf(view, "query", view.head.queries.value.entryOf[terms.query]) }];
  const to = key === null ? [] : [" → ", { token: labelOf(view, "key", view.head.keys.value.entryOf[key]) }];
  const said = terms === null ? [place] : [place, ...from, ...to];
  return (
    <span title={plain(said)}>
      <Sentence said={said} />
    </span>
  );
}
