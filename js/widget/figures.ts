import { asError } from "../store/loading.js";
import type { Store } from "../store/store.js";
import { checkSize, type Figure, figureOf, MOST } from "../views/shared/figure/figure.js";
import { pngOf } from "../views/shared/figure/png.js";
import { settled } from "../views/shared/figure/settled.js";
import type { FrameState } from "../views/shared/frame_state.js";
import { restyled, type Style } from "./restyled.js";
import type { WidgetModel } from "./runtime.js";

/** What Python asks of any of the pages that show a view (python/headscope/widgets/figures.py). */
interface Asked extends Style {
  kind: "figure";
  id: string;
  form: "svg" | "png";
  /** Pixels of a PNG for each pixel of the page. */
  scale: number;
}

/** A view on the page. */
export interface Mounted {
  store: Store;
  frame: FrameState;
}

/** Sends a figure whenever Python asks for one; or says why there is none, here and to Python. */
export function answerFigures(model: WidgetModel, el: HTMLElement, shown: Promise<Mounted>, until: AbortSignal): void {
  const answer = async (content: unknown) => {
    const asked = (content ?? {}) as Asked;
    if (asked.kind !== "figure") return;
    const { store, frame } = await shown;
    await onPage(frame.root() as HTMLElement, until);
    if (until.aborted) return;
    const { kind, id } = asked;
    try {
      model.send?.({ kind, id, ...(await draw(asked, el, store, frame)) });
    } catch (thrown) {
      frame.fault.value = asError(thrown);
      model.send?.({ kind, id, error: asError(thrown).message });
    }
  };
  const hear = (content: unknown) => void answer(content);
  model.on("msg:custom", hear);
  until.addEventListener("abort", () => model.off("msg:custom", hear));
}

async function draw(asked: Asked, el: HTMLElement, store: Store, frame: FrameState) {
  const isAsShown = asked.theme === null && asked.width === null;
  const figure = isAsShown ? await asShown(frame, store) : await restyled(el, frame, store, asked);
  if (asked.form === "svg") return { svg: checkSize(figure).svg };
  const png = await base64(await pngOf(figure, asked.scale));
  if (png.length > MOST) throw new Error("This image is more than a page can send: choose a smaller scale.");
  return { png };
}

async function asShown(frame: FrameState, store: Store): Promise<Figure> {
  const root = frame.root() as HTMLElement;
  await settled(root, store);
  return figureOf(root);
}

/** Waits until an element is laid out: hosts take what is scrolled far away off the page. */
function onPage(element: HTMLElement, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      observer.disconnect();
      until.removeEventListener("abort", end);
      resolve();
    };
    const observer = new ResizeObserver(() => {
      if (element.offsetWidth > 0 || until.aborted) end();
    });
    observer.observe(element);
    until.addEventListener("abort", end);
  });
}

async function base64(blob: Blob): Promise<string> {
  const reader = new FileReader();
  await new Promise((resolve, reject) => {
    [reader.onload, reader.onerror] = [resolve, reject];
    reader.readAsDataURL(blob);
  });
  return String(reader.result).split(",")[1];
}
