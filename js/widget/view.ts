import { signal } from "@preact/signals";
import { asError, type Loading, READY, tellOf } from "../store/loading.js";
import { Store } from "../store/store.js";
import { mountView, mountWaiting } from "../views/mount.js";
import type { Kind } from "../views/shared/frame_state.js";
import { storeOf, type WidgetModel } from "./runtime.js";

/** Shows the view of a model in an element. A cell is never left blank: if that fails, it says why. */
export function showView(model: WidgetModel, el: HTMLElement, until: AbortSignal): void {
  const loading = signal<Loading>(READY);
  const kind = (model.get("kind") ?? "head") as Kind;
  const attempt = (act: () => void) => {
    try {
      act();
    } catch (thrown) {
      el.append(asText(asError(thrown)));
    }
  };
  let tell: (done: number) => void = () => {};
  attempt(() => {
    const store = storeOf(model, (done) => tell(done));
    if (store instanceof Store) {
      mountView(el, store, kind, until);
      return;
    }
    const shown = new AbortController();
    until.addEventListener("abort", () => shown.abort());
    const ask = (onProgress: (done: number) => void) => {
      tell = onProgress;
      return store;
    };
    mountWaiting(el, loading, shown.signal);
    void tellOf(loading, until, ask, (made) => {
      shown.abort();
      attempt(() => mountView(el, made, kind, until));
    });
  });
}

function asText(error: Error): HTMLElement {
  const box = document.createElement("pre");
  box.setAttribute("role", "alert");
  box.style.cssText = "white-space:pre-wrap;padding:8px 12px;background:#fff;color:#a3121f";
  box.textContent = `headscope stumbled: ${error.message}\n\n${error.stack ?? ""}`;
  return box;
}
