import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { type LiveView, WatchedNotebook } from "./notebook.js";

/** Where a view stands: it is the same place after its cell has run again. */
export interface Where {
  path: string;
  /** Id of the cell. */
  cell: string;
  place: number;
}

/** Why there is no live view in a place. */
export type Why = "no notebook" | "no cell" | "no kernel" | "restarted" | "busy" | "no view";

/** The live views of all notebooks that are open; tells of every change, once for all that come together. */
export class LiveViews {
  readonly #watched = new Map<NotebookPanel, WatchedNotebook>();
  readonly #listeners = new Set<() => void>();
  #isTelling = false;

  constructor(
    private readonly notebooks: INotebookTracker,
    private readonly common: IRenderMimeRegistry,
  ) {
    notebooks.forEach(this.#watch);
    notebooks.widgetAdded.connect((_, panel) => this.#watch(panel));
    notebooks.currentChanged.connect(this.#tell);
  }

  /** Those of the notebook in front first. */
  get all(): LiveView[] {
    const current = this.notebooks.currentWidget;
    const panels = [...this.#watched.values()];
    return [
      ...panels.filter(({ panel }) => panel === current),
      ...panels.filter(({ panel }) => panel !== current),
    ].flatMap(({ views }) => views);
  }

  find(where: Where): LiveView | undefined {
    return this.#watchedAt(where)?.views.find(
      ({ cell, place }) => cell.model.id === where.cell && place === where.place,
    );
  }

  panelAt(where: Where): NotebookPanel | undefined {
    return this.#watchedAt(where)?.panel;
  }

  why(where: Where): Why {
    const watched = this.#watchedAt(where);
    if (watched === undefined) return "no notebook";
    const cell = watched.panel.content.widgets.find(({ model }) => model.id === where.cell);
    if (cell === undefined) return "no cell";
    const kernel = watched.panel.sessionContext.session?.kernel;
    if (!kernel || kernel.status === "dead") return "no kernel";
    if (watched.hasLost(cell)) return "restarted";
    return kernel.status === "busy" ? "busy" : "no view";
  }

  onChange(act: () => void, until: AbortSignal): void {
    this.#listeners.add(act);
    until.addEventListener("abort", () => this.#listeners.delete(act));
  }

  #watchedAt({ path }: Where): WatchedNotebook | undefined {
    return [...this.#watched.values()].find(({ panel }) => panel.context.path === path);
  }

  readonly #watch = (panel: NotebookPanel): void => {
    const open = new AbortController();
    this.#watched.set(panel, new WatchedNotebook(panel, this.common, this.#tell, open.signal));
    const end = () => {
      open.abort();
      panel.disposed.disconnect(end);
      this.#watched.delete(panel);
      this.#tell();
    };
    panel.disposed.connect(end);
    this.#tell();
  };

  readonly #tell = (): void => {
    if (this.#isTelling) return;
    this.#isTelling = true;
    requestAnimationFrame(() => {
      this.#isTelling = false;
      for (const act of [...this.#listeners]) act();
    });
  };
}

export function whereOf({ panel, cell, place }: LiveView): Where {
  return { path: panel.context.path, cell: cell.model.id, place };
}
