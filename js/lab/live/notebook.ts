import type { CellWidget, NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { listen } from "../listen.js";
import { type Manager, managerOf, managerToBe, WIDGET, type WidgetModel } from "../manager.js";

/** A view that a notebook shows and whose kernel answers. */
export interface LiveView {
  panel: NotebookPanel;
  cell: CellWidget;
  /** Its number among the views of the cell. */
  place: number;
  model: WidgetModel;
  manager: Manager;
}

/** Kernels in these states have lost all that they had. Ipywidgets knows of the first only. */
const LOST = ["restarting", "autorestarting", "terminating", "dead"];
const TOLD = "change:layer change:heads change:head change:part destroy comm_live_update";

/** The live views of one notebook, in the order of its cells. What is asked for comes later, and is told of. */
export class WatchedNotebook {
  #manager: Manager | null = null;
  readonly #models = new Map<string, WidgetModel>();
  readonly #coming = new Set<string>();
  readonly #lost = new WeakSet<WidgetModel>();

  constructor(
    readonly panel: NotebookPanel,
    private readonly common: IRenderMimeRegistry,
    private readonly changed: () => void,
    private readonly until: AbortSignal,
  ) {
    const { content, context, sessionContext } = panel;
    listen(content.modelContentChanged, changed, until);
    listen(context.pathChanged, changed, until);
    listen(
      sessionContext.kernelChanged,
      (_, { oldValue, newValue }) => oldValue?.id !== newValue?.id && this.#lose(),
      until,
    );
    listen(sessionContext.statusChanged, () => this.#onStatus(), until);
    until.addEventListener("abort", () => {
      for (const model of this.#models.values()) model.off(TOLD, changed);
    });
    void managerToBe(panel, common).then((manager) => this.#take(manager));
  }

  /** Computed anew, so that no older list ever stands for a newer one. */
  get views(): LiveView[] {
    const manager = this.#manager;
    if (manager === null) return [];
    return this.panel.content.widgets.flatMap((cell) =>
      this.#modelsIn(cell).map((model, place) => ({ panel: this.panel, cell, place, model, manager })),
    );
  }

  /** Whether the kernel that a cell's view was of has been lost. */
  hasLost(cell: CellWidget): boolean {
    return idsIn(cell).some((id) => {
      const model = this.#models.get(id);
      return model !== undefined && this.#isLost(model);
    });
  }

  #isLost(model: WidgetModel): boolean {
    return model.comm_live === false || this.#lost.has(model);
  }

  #modelsIn(cell: CellWidget): WidgetModel[] {
    const models = idsIn(cell).flatMap((id) => this.#viewsOf(this.#modelOf(id)));
    return [...new Set(models)];
  }

  /** A view itself, or those within a box. */
  #viewsOf(model: WidgetModel | undefined): WidgetModel[] {
    if (model === undefined || this.#isLost(model)) return [];
    if (String(model.get("_anywidget_id")).startsWith("headscope.")) return [model];
    const children = model.get("children");
    return Array.isArray(children) ? children.flatMap((child) => this.#viewsOf(this.#modelOf(child?.model_id))) : [];
  }

  /** The model of a widget, as soon as it has come. */
  #modelOf(id: unknown): WidgetModel | undefined {
    if (typeof id !== "string" || !this.#manager?.has_model(id)) return undefined;
    const known = this.#models.get(id);
    if (known === undefined && !this.#coming.has(id)) void this.#fetch(this.#manager, id);
    return known;
  }

  async #fetch(manager: Manager, id: string): Promise<void> {
    this.#coming.add(id);
    const model = await manager.get_model(id).catch(() => undefined);
    this.#coming.delete(id);
    if (model === undefined || this.until.aborted) return;
    this.#models.set(id, model);
    model.on(TOLD, this.changed);
    model.on("destroy", () => this.#models.delete(id)); // it drops its listeners then
    this.changed();
  }

  #take(manager: Manager | null): void {
    if (manager === null || manager === this.#manager || this.until.aborted) return;
    this.#manager = manager;
    listen(manager.restored, this.changed, this.until);
    this.changed();
  }

  #onStatus(): void {
    if (LOST.includes(String(this.panel.sessionContext.session?.kernel?.status))) this.#lose();
    if (this.#manager === null) void managerOf(this.panel, this.common).then((manager) => this.#take(manager));
    this.changed();
  }

  /** A kernel that restarts closes nothing: what is shown of it is dead without a word. */
  #lose(): void {
    for (const model of this.#models.values()) this.#lost.add(model);
    this.changed();
  }
}

function idsIn({ model: { outputs } }: CellWidget): string[] {
  const views = Array.from({ length: outputs?.length ?? 0 }, (_, index) => outputs?.get(index).data[WIDGET]);
  return views.flatMap((view) => {
    const id = (view as { model_id?: unknown } | undefined)?.model_id;
    return typeof id === "string" ? [id] : [];
  });
}
