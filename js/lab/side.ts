/** The side panel of live views, and the tabs that are opened from it. */
import type { ILayoutRestorer, JupyterFrontEnd } from "@jupyterlab/application";
import { WidgetTracker } from "@jupyterlab/apputils";
import type { INotebookTracker } from "@jupyterlab/notebook";
import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { Widget } from "@lumino/widgets";
import { LINES } from "./icon.js";
import type { LiveViews, PoppedOut, Where } from "./live/index.js";

const PANEL = "headscope-views";
const POP_OUT = "headscope:pop-out";
/** Has room for one tab, which is the notebook: views are only listed there. */
const ONE_TAB = "Jupyter Notebook";

export class Side {
  readonly #tabs = new WidgetTracker<PoppedOut>({ namespace: "headscope-tabs" });
  #loaded: Promise<{ live: typeof import("./live/index.js"); views: LiveViews }> | undefined;

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly notebooks: INotebookTracker,
    private readonly common: IRenderMimeRegistry,
  ) {}

  add(restorer: ILayoutRestorer | null): void {
    const { shell, commands } = this.app;
    const panel = new ListPanel((box) => this.#list(box));
    shell.add(panel, "left", { rank: 600 });
    restorer?.add(panel, PANEL);
    if (!this.#hasTabs) return;
    commands.addCommand(POP_OUT, {
      label: "Open an Attention View in a Tab",
      execute: (where) => this.#popOut(where as unknown as Where),
    });
    void restorer?.restore(this.#tabs, {
      command: POP_OUT,
      args: ({ where }) => where,
      name: ({ where }) => JSON.stringify(where),
    });
  }

  get #hasTabs(): boolean {
    return this.app.name !== ONE_TAB;
  }

  #load() {
    this.#loaded ??= import("./live/index.js").then((live) => {
      live.addStyle();
      return { live, views: new live.LiveViews(this.notebooks, this.common) };
    });
    this.#loaded.catch(() => {
      this.#loaded = undefined; // the next call tries anew
    });
    return this.#loaded;
  }

  async #list(box: HTMLElement): Promise<void> {
    const { live, views } = await this.#load();
    const { app } = this;
    live.showList(
      box,
      views,
      {
        go: ({ panel, cell }) => void live.goTo(app, panel, cell.model.id),
        popOut: this.#hasTabs ? (view) => void app.commands.execute(POP_OUT, live.whereOf(view)) : null,
      },
      new AbortController().signal, // as long as the page
    );
  }

  async #popOut(where: Where): Promise<PoppedOut> {
    const { live, views } = await this.#load();
    const { shell } = this.app;
    const key = live.keyOf(where);
    const known = this.#tabs.find((tab) => live.keyOf(tab.where) === key);
    const tab = known ?? this.#make(live, views, where);
    if (known === undefined) {
      const ref = views.panelAt(where)?.id;
      shell.add(tab, "main", ref === undefined ? {} : { mode: "split-right", ref });
      await this.#tabs.add(tab);
    }
    shell.activateById(tab.id);
    return tab;
  }

  #make(live: typeof import("./live/index.js"), views: LiveViews, where: Where): PoppedOut {
    const { commands } = this.app;
    const open = (path: string) => {
      void commands.execute("docmanager:open", { path, options: { mode: "split-left", ref: tab.id } });
    };
    const go = (to: Where) => {
      const panel = views.panelAt(to);
      if (panel !== undefined) void live.goTo(this.app, panel, to.cell);
    };
    const tab = new live.PoppedOut(views, where, { open, go }, (moved) => void this.#tabs.save(moved));
    tab.title.icon = LINES;
    return tab;
  }
}

/** Empty until it is first seen; filled anew when it is next seen where that failed. */
class ListPanel extends Widget {
  #fill: ((box: HTMLElement) => Promise<void>) | null;

  constructor(fill: (box: HTMLElement) => Promise<void>) {
    super();
    this.#fill = fill;
    this.id = PANEL;
    Object.assign(this.title, { icon: LINES, caption: "Attention views" });
  }

  protected override onAfterAttach(): void {
    if (this.isVisible) this.onAfterShow();
  }

  protected override onAfterShow(): void {
    const fill = this.#fill;
    this.#fill = null;
    fill?.(this.node).catch((thrown) => {
      this.#fill = fill;
      this.node.textContent = `The views cannot be listed (${thrown}). Open this panel again.`;
    });
  }
}
