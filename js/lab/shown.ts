/** Which view on the page is meant by a command: the one in the current tab that a person last was in, or sees. */
import type { Widget } from "@lumino/widgets";

let last: HTMLElement | null = null;

/** Notes in which view a person acts. */
export function watchViews(): void {
  const note = ({ target }: Event) => {
    if (target instanceof HTMLElement && isView(target)) last = target; // a shadow root's events come from its host
  };
  document.addEventListener("focusin", note);
  document.addEventListener("pointerdown", note, true);
}

/** The view that is meant in a tab; null where it shows none. */
export function viewIn(tab: Widget | null): HTMLElement | null {
  if (tab === null) return null;
  const views = [...tab.node.querySelectorAll<HTMLElement>("[data-lm-suppress-shortcuts]")].filter(isView);
  const inCell = (view: HTMLElement) => view.closest(".jp-Cell.jp-mod-active") !== null;
  const isSeen = (view: HTMLElement) => overlap(view.getBoundingClientRect(), tab.node.getBoundingClientRect());
  return views.find((view) => view === last) ?? views.find(inCell) ?? views.find(isSeen) ?? null;
}

function isView(element: HTMLElement): boolean {
  return Boolean(element.shadowRoot?.querySelector<HTMLElement>(".headscope")?.offsetWidth);
}

function overlap(a: DOMRect, b: DOMRect): boolean {
  return a.bottom > b.top && a.top < b.bottom;
}
