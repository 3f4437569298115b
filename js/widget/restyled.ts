import type { Store } from "../store/store.js";
import { mountView } from "../views/mount.js";
import { type Figure, figureOf } from "../views/shared/figure/figure.js";
import { settled } from "../views/shared/figure/settled.js";
import type { FrameState } from "../views/shared/frame_state.js";
import type { Theme } from "../views/shared/theme.js";

/** How a figure differs from what is on the screen; null where it does not. */
export interface Style {
  theme: Theme | null;
  /** In millimetres. */
  width: number | null;
}

/** CSS pixels of a millimetre. */
const MILLIMETRE = 96 / 25.4;

/** A figure of a view in other colours, or laid out anew at another width: of a copy, beside the page. */
export async function restyled(el: HTMLElement, shown: FrameState, store: Store, style: Style): Promise<Figure> {
  const root = shown.root() as HTMLElement;
  const width = style.width === null ? root.getBoundingClientRect().width : style.width * MILLIMETRE;
  const stage = document.createElement("div");
  stage.inert = true;
  stage.style.cssText = `position:fixed;top:0;left:-30000px;width:${width}px`;
  el.append(stage);
  const ending = new AbortController();
  try {
    const copy = mountView(stage, store, shown.kind, ending.signal, style.theme ?? shown.look.peek().theme);
    const made = copy.root() as HTMLElement;
    await settled(made, store);
    if (style.width === null) {
      scrollAlike(root, made);
      await settled(made, store);
    }
    return figureOf(made, style.width);
  } finally {
    ending.abort();
    stage.remove();
  }
}

/** Scrolls lists of a copy to where they are on the screen. */
function scrollAlike(root: HTMLElement, copy: HTMLElement): void {
  const lists = [root, copy].map((one) => [...one.querySelectorAll("*")].filter(canScroll));
  if (lists[0].length !== lists[1].length) return;
  lists[0].forEach(({ scrollLeft, scrollTop }, at) => {
    lists[1][at].scrollTo(scrollLeft, scrollTop);
  });
}

const canScroll = ({ scrollWidth, clientWidth, scrollHeight, clientHeight }: Element) =>
  clientWidth > 0 && (scrollWidth > clientWidth || scrollHeight > clientHeight);
