import { useEffect, useRef } from "preact/hooks";
import type { Scale } from "../../store/selection.js";
import type { ViewState } from "../head/state.js";
import { ModelPane } from "../model/model_pane.js";
import type { ModelState } from "../model/state.js";
import type { NeuronState } from "../neuron/state.js";
import { useReaction } from "../shared/reaction.js";
import { Shell } from "../shared/shell.js";
import { Sheet } from "./sheet.js";
import { TopBar } from "./top_bar.js";

interface Props {
  model: ModelState;
  head: ViewState;
  neuron: NeuronState;
}

/** The three scales in one cell, linked. */
export function Explorer({ model, head, neuron }: Props) {
  const { store, frame } = head;
  const panes = useRef<HTMLDivElement>(null);
  useKeyboardPlace(head, panes);
  return (
    <Shell store={store} frame={frame} label="Explorer">
      <TopBar store={store} frame={frame} />
      <div class="panes" ref={panes}>
        <ModelPane view={model} />
        <hr />
        <Sheet head={head} neuron={neuron} />
      </div>
    </Shell>
  );
}

/** Where the keyboard enters each pane. */
const ENTRIES: Record<Scale, string> = {
  model: '.model-pane [role="gridcell"][tabindex="0"]',
  head: '.head-pane .query[role="listbox"], .map-plot',
  neuron: ".neuron-strips",
};

/** Keeps the keyboard in the pane of the scale in focus, as long as it is in a pane at all. */
function useKeyboardPlace({ store, frame }: ViewState, panes: { current: HTMLElement | null }): void {
  useEffect(() => {
    frame.focusPane = (scale) => {
      const find = (selector: string) => panes.current?.querySelector<HTMLElement>(selector);
      requestAnimationFrame(() => (find(ENTRIES[scale]) ?? find(`[data-pane="${scale}"]`))?.focus()); // once it is drawn
    };
  }, [frame]);
  const before = useRef(store.selection.peek().scale);
  useReaction(() => {
    const { scale } = store.selection.value;
    if (scale === before.current) return; // a control of another pane keeps the keyboard
    before.current = scale;
    const root = panes.current?.getRootNode();
    const focused = root instanceof ShadowRoot ? root.activeElement : null;
    const pane = focused?.closest(".model-pane, .head-pane, .neuron-pane");
    if (pane && !pane.classList.contains(`${scale}-pane`)) frame.focusPane(scale);
  });
}
