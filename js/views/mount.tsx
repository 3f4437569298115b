import { effect } from "@preact/signals";
import { render, type VNode } from "preact";
import type { Store } from "../store/store.js";
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
import { FrameState, type Kind } from "./shared/frame_state.js";
import sharedStyle from "./shared/shared.css";
import { lookOf, watchTheme } from "./shared/theme.js";

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

function viewOf(store: Store, frame: FrameState): VNode {
  const { kind } = frame;
  const head = new ViewState(store, frame);
  if (kind === "head") return <HeadView view={head} />;
  if (kind === "model") return <ModelView view={new ModelState(store, frame)} />;
  if (kind === "neuron") return <NeuronView view={new NeuronState(store, frame, head)} />;
  return <Explorer model={new ModelState(store, frame)} head={head} neuron={new NeuronState(store, frame, head)} />;
}

/** Shows a view in an element, in a shadow root of its own, until the signal ends it. */
export function mountView(el: HTMLElement, store: Store, kind: Kind, until: AbortSignal): void {
  const host = document.createElement("div");
  host.dataset.lmSuppressShortcuts = "true"; // JupyterLab's commands keep off the keys that are pressed in here
  const shadow = host.attachShadow({ mode: "open" });
  adoptStyles(shadow, STYLE);
  const probe = document.createElement("span");
  probe.className = "host-colour";
  const root = document.createElement("div");
  root.className = "headscope";
  shadow.append(probe, root);
  el.append(host);

  const frame = new FrameState(kind);
  followTheme(frame, store, probe, root, until);
  const detach = store.attach();
  render(viewOf(store, frame), root);
  until.addEventListener("abort", () => {
    detach();
    render(null, root);
    host.remove();
  });
}

function followTheme(frame: FrameState, store: Store, probe: HTMLElement, root: HTMLElement, until: AbortSignal): void {
  const decide = frame.guard(() => {
    const look = lookOf(probe, store.settings.value.theme);
    root.dataset.theme = look.theme;
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
