import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMimeRegistry, MimeModel } from "@jupyterlab/rendermime";
import { Panel } from "@lumino/widgets";
import { type Manager, managerOf, managerToBe, WIDGET } from "./manager.js";

/** Written by python/headscope/export/saved.py. */
export const SAVED = "application/vnd.headscope.saved+json";

/** One output: the live widget as soon as it is known to live, until then the picture that was saved. */
export class SavedOutput extends Panel {
  #shown = new AbortController();

  constructor(
    private readonly panel: NotebookPanel,
    private readonly common: IRenderMimeRegistry,
  ) {
    super();
  }

  async renderModel(model: MimeModel): Promise<void> {
    const { signal } = this.#clear();
    const id = idOf(model);
    // Widgets run code of the notebook's; a saved picture is data, drawn by code of ours.
    const mayLive = model.trusted && id !== null;
    if (mayLive && id === "") return this.hide(); // the widget was closed, as ipywidgets notes it
    const manager = mayLive ? await managerOf(this.panel, this.common) : null;
    if (signal.aborted) return;
    if (mayLive && manager?.has_model(id)) return this.#showLive(model);
    const { showSaved } = await import("./views.js");
    if (signal.aborted) return;
    await showSaved(this.node, model.data[SAVED], model.data["text/html"], signal);
    if (mayLive) void this.#watch(manager, id, model, signal);
  }

  override dispose(): void {
    this.#shown.abort();
    super.dispose();
  }

  /** Takes away what is shown; returns what will end what is shown next. */
  #clear(): AbortController {
    this.#shown.abort();
    for (const widget of [...this.widgets]) widget.dispose();
    this.show();
    this.#shown = new AbortController();
    return this.#shown;
  }

  #showLive(model: MimeModel): Promise<void> {
    this.#clear();
    const renderer = this.panel.content.rendermime.createRenderer(WIDGET);
    this.addWidget(renderer);
    return renderer.renderModel(model);
  }

  /** Shows the live widget once the kernel turns out to have it. */
  async #watch(known: Manager | null, id: string, model: MimeModel, signal: AbortSignal): Promise<void> {
    const manager = known ?? (await managerToBe(this.panel, this.common));
    if (manager === null || signal.aborted) return;
    const look = () => {
      if (manager.has_model(id)) void this.#showLive(model);
    };
    manager.restored.connect(look);
    signal.addEventListener("abort", () => manager.restored.disconnect(look));
    look();
  }
}

/** Of the widget beside the picture; null where the output has none. */
function idOf({ data }: MimeModel): string | null {
  const view = data[WIDGET] as { model_id?: unknown } | null | undefined;
  return typeof view?.model_id === "string" ? view.model_id : null;
}
