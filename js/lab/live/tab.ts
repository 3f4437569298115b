import type { NotebookPanel } from "@jupyterlab/notebook";
import { Panel } from "@lumino/widgets";
import type { WidgetModel, WidgetView } from "../manager.js";
import { button, element } from "./element.js";
import type { LiveViews, Where, Why } from "./live_views.js";
import type { LiveView } from "./notebook.js";
import { wordsOf } from "./words.js";

/** What a tab can do about its notebook. */
export interface Ways {
  open(path: string): void;
  go(where: Where): void;
}

/**
 * A view in a tab of its own: another place where the widget of a notebook is shown, and so always the same view. It
 * stands for a place in a notebook: when the cell has run again, its new view is shown.
 */
export class PoppedOut extends Panel {
  readonly #ending = new AbortController();
  #panel: NotebookPanel | null = null;
  #model: WidgetModel | null = null;
  #view: WidgetView | null = null;
  #said = "";
  #notice: HTMLElement | null = null;

  constructor(
    private readonly views: LiveViews,
    public where: Where,
    private readonly ways: Ways,
    private readonly moved: (tab: PoppedOut) => void,
  ) {
    super();
    this.id = `headscope-view-${keyOf(where)}`;
    this.addClass("headscope-tab");
    this.node.tabIndex = -1;
    this.title.closable = true;
    views.onChange(() => this.#update(), this.#ending.signal);
    this.#update();
  }

  override dispose(): void {
    this.#ending.abort();
    this.#clear();
    super.dispose();
  }

  protected override onCloseRequest(): void {
    this.dispose();
  }

  protected override onActivateRequest(): void {
    this.node.focus();
  }

  /** Goes with the notebook when that gets another name. */
  #follow(): void {
    const path = this.#panel?.isDisposed === false ? this.#panel.context.path : this.where.path;
    this.#panel = this.views.panelAt({ ...this.where, path }) ?? null;
    if (path === this.where.path) return;
    this.where = { ...this.where, path };
    this.moved(this);
  }

  #update(): void {
    this.#follow();
    const found = this.views.find(this.where);
    this.#entitle(found);
    if (found === undefined) {
      this.#clear();
      this.#say(this.views.why(this.where));
    } else if (found.model !== this.#model) {
      this.#clear();
      void this.#show(found);
    }
  }

  #entitle(found: LiveView | undefined): void {
    const name = this.where.path.split("/").at(-1);
    if (found !== undefined) {
      const { kind, at } = wordsOf(found.model);
      this.title.label = `${kind} · ${name}`;
      this.title.caption = `${kind}, ${at}, of ${this.where.path}`;
    } else this.title.label ||= `View · ${name}`;
  }

  #clear(): void {
    this.#model = null;
    this.#view?.remove();
    this.#view = null;
  }

  async #show({ model, manager }: LiveView): Promise<void> {
    this.#model = model;
    this.#hush();
    try {
      const view = await manager.create_view(model);
      if (this.#model !== model) return view.remove(); // closed, or another one came, meanwhile
      this.#view = view;
      this.addWidget(view.luminoWidget);
    } catch (thrown) {
      if (this.#model === model)
        this.#tell("alert", [`This view cannot be drawn: ${thrown instanceof Error ? thrown.message : thrown}`]);
    }
  }

  #say(why: Why): void {
    const { text, deed } = NOTICES[why];
    const { path } = this.where;
    const said = text(path);
    if (said === this.#said) return;
    this.#said = said;
    const act = deed === "Open the notebook" ? () => this.ways.open(path) : () => this.ways.go(this.where);
    this.#tell("status", [said, ...(deed === null ? [] : [button({}, act, deed)])]);
  }

  #tell(role: "alert" | "status", inner: (string | Node)[]): void {
    this.#notice?.remove();
    const [text, ...more] = inner;
    this.#notice = element("div", { class: "headscope-notice" }, element("p", { role }, text), ...more);
    this.node.append(this.#notice);
  }

  #hush(): void {
    this.#notice?.remove();
    this.#said = "";
  }
}

export function keyOf({ path, cell, place }: Where): string {
  return `${path}:${cell}:${place}`;
}

const RUN = "Run its cell again, and the new view is shown here.";

/** What is said where no view is live, and what can be done about it. */
const NOTICES: Record<Why, { text(path: string): string; deed: "Open the notebook" | "Show the cell" | null }> = {
  "no notebook": {
    text: (path) => `${path} is not open. Its views are shown here while it is, and its kernel runs.`,
    deed: "Open the notebook",
  },
  "no cell": { text: (path) => `The cell of this view is no longer in ${path}.`, deed: null },
  "no kernel": {
    text: (path) => `${path} has no kernel now: this view has ended with the one that it was of. ${RUN}`,
    deed: "Show the cell",
  },
  restarted: {
    text: (path) => `The kernel of ${path} was restarted: this view was of the one before. ${RUN}`,
    deed: "Show the cell",
  },
  busy: {
    text: (path) => `The kernel of ${path} is at work. When the cell shows a view, so does this tab.`,
    deed: "Show the cell",
  },
  "no view": { text: () => `This view was closed, or its cell has not run yet. ${RUN}`, deed: "Show the cell" },
};
