import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { HeadPane } from "../head/head_pane.js";
import { useRows } from "../head/rows.js";
import type { ViewState } from "../head/state.js";
import { NeuronPane } from "../neuron/neuron_pane.js";
import type { NeuronState } from "../neuron/state.js";
import { PaneTitle } from "../shared/pane_title.js";
import { useWidth } from "../shared/width.js";
import { Divider } from "./divider.js";

/** From this width on head and neuron pane stand side by side. */
const ROOM_FOR_TWO = 876;

/** Head and neuron pane: side by side with rows in line, or one above the other. A folded one keeps its title. */
export function Sheet({ head, neuron }: { head: ViewState; neuron: NeuronState }) {
  const { store, frame } = head;
  const sheet = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  useRows(head);
  useWidth(sheet, width, frame.guard);
  const { folded, split } = store.settings.value;
  const [headIsFolded, neuronIsFolded] = [folded.includes("head"), folded.includes("neuron")];
  const isBeside = width.value >= ROOM_FOR_TWO && !headIsFolded && !neuronIsFolded;
  return (
    <div class={isBeside ? "sheet beside" : "sheet"} ref={sheet} style={isBeside ? columns(split) : undefined}>
      {headIsFolded ? <PaneTitle store={store} frame={frame} name="Heads" /> : <HeadPane view={head} />}
      {isBeside && <Divider store={store} frame={frame} />}
      {neuronIsFolded ? (
        <PaneTitle store={store} frame={frame} name="Neurons" />
      ) : (
        <NeuronPane view={neuron} withTokens={!isBeside || !head.hasRows} />
      )}
    </div>
  );
}

/** In hundredths: shares that add up to less than 1 beside a pane at its least width would leave room unused. */
function columns(split: number): { gridTemplateColumns: string } {
  return { gridTemplateColumns: `minmax(300px, ${100 * split}fr) 24px minmax(420px, ${100 * (1 - split)}fr)` };
}
