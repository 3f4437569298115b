/**
 * A view on a page of its own, or in a notebook that is opened without running: no kernel, no network. The script stands
 * right behind the data that it shows, an element `<script type="application/json">`, and puts the view in between. A
 * still picture before them has then done its duty (python/headscope/export/page.py and saved.py write them).
 */
import { mountEmbedded } from "./embedded_view.js";

async function show(script: HTMLScriptElement): Promise<void> {
  const data = script.previousElementSibling;
  const picture = data?.previousElementSibling;
  const el = document.createElement("div");
  script.before(el);
  await mountEmbedded(el, JSON.parse(data?.textContent ?? ""), new AbortController().signal); // as long as the page
  if (picture instanceof HTMLElement && picture.tagName === "FIGURE") picture.remove();
}

void show(document.currentScript as HTMLScriptElement);
