import { button, element } from "./element.js";
import type { LiveViews } from "./live_views.js";
import type { LiveView } from "./notebook.js";
import { wordsOf } from "./words.js";

/** What can be done with a view of the list. */
export interface Deeds {
  go(view: LiveView): void;
  /** Opens it in a tab of its own; null where there is no room for one. */
  popOut: ((view: LiveView) => void) | null;
}

const OUT = "M3 3h4v1.4H4.4v7.2h7.2V9H13v4H3zM8.5 2H14v5.5h-1.4V4.4L8 9 7 8l4.6-4.6H8.5z";

/** Shows the live views of all open notebooks in an element, as they come and go. */
export function showList(box: HTMLElement, views: LiveViews, deeds: Deeds, until: AbortSignal): void {
  box.classList.add("headscope-views");
  const draw = () => {
    const active = document.activeElement;
    const kept = box.contains(active) ? (active as HTMLElement).dataset.key : undefined;
    box.replaceChildren(element("h2", {}, "Attention views"), ...contentsOf(views.all, deeds));
    if (kept !== undefined) box.querySelector<HTMLElement>(`[data-key="${CSS.escape(kept)}"]`)?.focus();
  };
  views.onChange(draw, until);
  draw();
}

function contentsOf(all: LiveView[], deeds: Deeds): Node[] {
  if (all.length === 0) return EMPTY.map((inner) => element("p", {}, ...inner()));
  return [...new Set(all.map(({ panel }) => panel))].flatMap((panel) => {
    const { path } = panel.context;
    const entries = all.filter((view) => view.panel === panel).map((view) => entryOf(view, deeds));
    return [element("h3", {}, path), element("ul", { "aria-label": path }, ...entries)];
  });
}

const EMPTY = [
  () => ["No view is live: none of the open notebooks shows one whose kernel runs."],
  () => ["Run a cell that ends with ", element("code", {}, "hs.explore(…)"), ", and its view is listed here."],
];

function entryOf(view: LiveView, { go, popOut }: Deeds): HTMLElement {
  const { kind, model, text, at } = wordsOf(view.model);
  const key = view.model.model_id;
  const lines = [
    element("span", {}, kind, " · ", model),
    element("span", { class: "quiet", title: text }, text),
    element("span", { class: "quiet" }, at),
  ];
  const shown = button({ class: "go", title: "Show its cell", "data-key": key }, () => go(view), ...lines);
  if (popOut === null) return element("li", {}, shown);
  const hint = "Open in a tab of its own";
  const named = { title: hint, "aria-label": `${hint}: ${kind}, ${at}`, "data-key": `${key} out` };
  return element(
    "li",
    {},
    shown,
    button({ class: "out", ...named }, () => popOut(view), icon()),
  );
}

function icon(): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("fill", "currentColor");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", OUT);
  svg.append(path);
  return svg as SVGElement;
}
