import { signal } from "@preact/signals";
import { asError, type Loading, READY, tellOf } from "../store/loading.js";
import { Store } from "../store/store.js";
import { mountView, mountWaiting } from "../views/mount.js";
import { svgOf } from "../views/shared/figure/figure.js";
import type { Kind } from "../views/shared/frame_state.js";
import { storeOf, type WidgetModel } from "./runtime.js";

/** What Python asks of any of the pages that show a view. */
interface Asked {
  kind: "figure";
  id: string;
}

/** Sends a figure of what is shown whenever Python asks for one (python/headscope/widgets/figures.py). */
function answerFigures(model: WidgetModel, el: HTMLElement, until: AbortSignal): void {
  const answer = (content: unknown) => {
    const { kind, id } = (content ?? {}) as Partial<Asked>;
    const root = el.lastElementChild?.shadowRoot?.querySelector<HTMLElement>(".headscope");
    if (kind !== "figure" || !root?.offsetWidth) return; // what is scrolled far away is not on the page
    model.send?.({ kind, id, svg: svgOf(root) });
  };
  model.on("msg:custom", answer);
  until.addEventListener("abort", () => model.off("msg:custom", answer));
}

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
  answerFigures(model, el, until);
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
