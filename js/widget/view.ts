import { signal } from "@preact/signals";
import { asError, type Loading, READY, tellOf } from "../store/loading.js";
import { Store } from "../store/store.js";
import { mountView, mountWaiting } from "../views/mount.js";
import type { Kind } from "../views/shared/frame_state.js";
import { answerFigures, type Mounted } from "./figures.js";
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
  const show = (store: Store) => {
    tellShown({ store, frame: mountView(el, store, kind, until) });
  };
  let tellShown: (mounted: Mounted) => void = () => {};
  const shown = new Promise<Mounted>((resolve) => {
    tellShown = resolve;
  });
  answerFigures(model, el, shown, until);
  attempt(() => {
    const store = storeOf(model, (done) => tell(done));
    if (store instanceof Store) {
      show(store);
      return;
    }
    const waiting = new AbortController();
    until.addEventListener("abort", () => waiting.abort());
    const ask = (onProgress: (done: number) => void) => {
      tell = onProgress;
      return store;
    };
    mountWaiting(el, loading, waiting.signal);
    void tellOf(loading, until, ask, (made) => {
      waiting.abort();
      attempt(() => show(made));
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
