import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { render, type VNode } from "preact";
import type { Loading } from "../store/loading.js";
import type { Settings } from "../store/settings.js";
import type { Store } from "../store/store.js";
import type { Traits } from "../store/synced.js";
import explorerStyle from "./explorer/explorer.css";
import { Explorer } from "./explorer/explorer.js";
import headStyle from "./head/head.css";
import { HeadView } from "./head/head_view.js";
import mapStyle from "./head/map/map.css";
import picturedStyle from "./head/pictured.css";
import { ViewState } from "./head/state.js";
import enlargedStyle from "./model/enlarged.css";
import modelStyle from "./model/model.css";
import { ModelView } from "./model/model_view.js";
import rankingStyle from "./model/ranking.css";
import { ModelState } from "./model/state.js";
import neuronStyle from "./neuron/neuron.css";
import { NeuronView } from "./neuron/neuron_view.js";
import { NeuronState } from "./neuron/state.js";
import { saveSvg } from "./shared/figure/save.js";
import { FrameState, type Kind } from "./shared/frame_state.js";
import sharedStyle from "./shared/shared.css";
import { lookOf, type Theme, watchTheme } from "./shared/theme.js";
import { Waiting } from "./shared/waiting.js";

const STYLE =
  sharedStyle +
  headStyle +
  picturedStyle +
  mapStyle +
  modelStyle +
  enlargedStyle +
  rankingStyle +
  neuronStyle +
  explorerStyle;

/** Event by which a host asks which view is in an element: with a function, which is told (js/lab/ask.ts); null while there is none yet. */
const ASK = "headscope:ask";

/** A view, to its host. */
export interface Shown {
  kind: Kind;
  model: Traits;
  saveFigure(): void;
}

function viewOf(store: Store, frame: FrameState): VNode {
  const { kind } = frame;
  const head = new ViewState(store, frame);
  if (kind === "head") return <HeadView view={head} />;
  if (kind === "model") return <ModelView view={new ModelState(store, frame)} />;
  if (kind === "neuron") return <NeuronView view={new NeuronState(store, frame, head)} />;
  return <Explorer model={new ModelState(store, frame)} head={head} neuron={new NeuronState(store, frame, head)} />;
}

/**
 * Shows a view in an element, in a shadow root of its own, until the signal ends it.
 *
 * @param own A theme of its own, whatever the setting is.
 */
export function mountView(el: HTMLElement, store: Store, kind: Kind, until: AbortSignal, own?: Theme): FrameState {
  const frame = new FrameState(kind);
  const theme = computed(() => own ?? store.settings.value.theme);
  const detach = store.attach();
  until.addEventListener("abort", detach);
  const host = mountIn(el, frame, theme, until, viewOf(store, frame));
  const saveFigure = frame.guard(() => saveSvg(store, frame));
  host.addEventListener(ASK, (event) => {
    (event as CustomEvent<(shown: Shown) => void>).detail({ kind, model: store.model, saveFigure });
  });
  return frame;
}

/** Shows that the tokens of a long text are on their way. */
export function mountWaiting(el: HTMLElement, loading: ReadonlySignal<Loading>, until: AbortSignal): void {
  const host = mountIn(el, new FrameState("head"), signal("auto"), until, <Waiting loading={loading} />);
  host.addEventListener(ASK, (event) => (event as CustomEvent<(shown: null) => void>).detail(null));
}

function mountIn(
  el: HTMLElement,
  frame: FrameState,
  theme: ReadonlySignal<Settings["theme"]>,
  until: AbortSignal,
  view: VNode,
): HTMLElement {
  const host = document.createElement("div");
  host.dataset.lmSuppressShortcuts = "true"; // JupyterLab's commands keep off the keys that are pressed in here
  const shadow = host.attachShadow({ mode: "open" });
  adoptStyles(shadow, STYLE);
  const root = document.createElement("div");
  root.className = "headscope";
  shadow.append(root);
  el.append(host);

  frame.root = () => root;
  followTheme(frame, theme, host, root, until);
  render(view, root);
  until.addEventListener("abort", () => {
    render(null, root);
    host.remove();
  });
  return host;
}

function followTheme(
  frame: FrameState,
  theme: ReadonlySignal<Settings["theme"]>,
  at: HTMLElement,
  root: HTMLElement,
  until: AbortSignal,
): void {
  const decide = frame.guard(() => {
    const look = lookOf(at, theme.value);
    root.dataset.theme = look.theme;
    root.dataset.host = look.host;
    root.classList.toggle("as-host", look.asHost);
    frame.look.value = look;
  });
  const stop = effect(decide);
  watchTheme(decide, until);
  until.addEventListener("abort", stop);
}

function adoptStyles(shadow: ShadowRoot, text: string): void {
  if ("adoptedStyleSheets" in shadow && "replaceSync" in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    shadow.adoptedStyleSheets = [sheet];
    return;
  }
  const style = document.createElement("style");
  style.textContent = text;
  (shadow as ShadowRoot).append(style);
}
