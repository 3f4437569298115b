import { effect } from "@preact/signals";
import { render } from "preact";
import type { Store } from "../../store/store.js";
import sharedStyle from "../shared/shared.css";
import { lookOf, watchTheme } from "../shared/theme.js";
import headStyle from "./head.css";
import { HeadView } from "./head_view.js";
import { ViewState } from "./state.js";

/** Shows a head view in an element, in a shadow root of its own, until the signal ends it. */
export function mountHeadView(el: HTMLElement, store: Store, until: AbortSignal): void {
  const host = document.createElement("div");
  host.dataset.lmSuppressShortcuts = "true"; // JupyterLab's commands keep off the keys that are pressed in here
  const shadow = host.attachShadow({ mode: "open" });
  adoptStyles(shadow, sharedStyle + headStyle);
  const probe = document.createElement("span");
  probe.className = "host-colour";
  const root = document.createElement("div");
  root.className = "headscope";
  shadow.append(probe, root);
  el.append(host);

  const view = new ViewState(store);
  followTheme(view, probe, root, until);
  const detach = store.attach();
  render(<HeadView view={view} />, root);
  until.addEventListener("abort", () => {
    detach();
    render(null, root);
    host.remove();
  });
}

function followTheme(view: ViewState, probe: HTMLElement, root: HTMLElement, until: AbortSignal): void {
  const decide = view.guard(() => {
    const look = lookOf(probe, view.store.settings.value.theme);
    root.dataset.theme = look.theme;
    root.classList.toggle("as-host", look.asHost);
    view.look.value = look;
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
