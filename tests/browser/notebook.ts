/** A notebook in the real JupyterLab: cells are found by their ids and run through the lab's own commands. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { expect, type Locator, type Page } from "@playwright/test";

const FOLDER = "build/browser/notebooks";

interface Output {
  text?: string | string[];
  ename?: string;
  evalue?: string;
}

/** Puts a copy of an example, with further code cells behind its own, into the lab's folder. */
export function prepare(example: string, name: string, cells: Record<string, string>): void {
  copyFileSync(`examples/${example}`, `${FOLDER}/${name}`);
  const notebook = JSON.parse(readFileSync(`${FOLDER}/${name}`, "utf8"));
  for (const [id, source] of Object.entries(cells)) {
    notebook.cells.push({ cell_type: "code", id, metadata: {}, source, outputs: [], execution_count: null });
  }
  writeFileSync(`${FOLDER}/${name}`, JSON.stringify(notebook));
}

/** Ends every session of the lab, so that each test has the machine's memory to itself. */
export async function shutDownKernels(page: Page): Promise<void> {
  const headers = { Authorization: `token ${process.env.LAB_TOKEN}` };
  const sessions: { id: string }[] = await (await page.request.get("/api/sessions", { headers })).json();
  for (const { id } of sessions) await page.request.delete(`/api/sessions/${id}`, { headers });
}

/** Takes pictures of the lab in both of its themes, and leaves it light. */
export async function look(page: Page, name: string): Promise<void> {
  for (const theme of ["Dark", "Light"]) {
    await page.evaluate(
      (one) => jupyterapp.commands.execute("apputils:change-theme", { theme: one }),
      `JupyterLab ${theme}`,
    );
    await expect(page.locator("body")).toHaveAttribute("data-jp-theme-light", String(theme === "Light"));
    await expect(page.locator("#jupyterlab-splash")).toHaveCount(0);
    await page.screenshot({ path: `test-results/looks/${name}_${theme.toLowerCase()}.png` });
  }
}

/** Opens headscope's page of JupyterLab's settings editor. */
export async function openSettings(page: Page): Promise<Locator> {
  await page.evaluate(() => jupyterapp.commands.execute("settingeditor:open", { query: "Headscope" }));
  return page.locator(".jp-SettingsPanel");
}

interface Cell {
  node: HTMLElement;
  model: {
    id: string;
    executionCount: number | null;
    outputs: { toJSON(): Output[] };
    sharedModel: { execution_count: number | null; source: string; setSource(source: string): void };
  };
}

/** A message from the kernel, or to it. */
export interface KernelMessage {
  msg: { content: { data?: { method?: string }; execution_state?: string }; parent_header: { msg_id?: string } };
}

type Hear = (kernel: unknown, message: KernelMessage) => void;

interface Kernel {
  status: string;
  anyMessage: { connect(hear: Hear): void; disconnect(hear: Hear): void };
  requestExecute(what: { code: string; store_history: boolean }): {
    done: Promise<unknown>;
    onIOPub: (message: { content: { text?: string; evalue?: string } }) => void;
  };
}

/** What we use of the application that a lab started with `expose_app_in_browser` puts on its page. */
interface Lab {
  hasPlugin(id: string): boolean;
  commands: { execute(command: string, args?: object): Promise<unknown> };
  shell: {
    currentWidget: {
      context: { path: string };
      sessionContext: { session: { kernel: Kernel | null } | null } | undefined;
      content: {
        activeCellIndex: number;
        activeCell: Cell;
        widgets: Cell[];
        scrollToItem(index: number, align: string): Promise<void>;
      };
    };
  };
}

declare global {
  var jupyterapp: Lab;
}

export class Notebook {
  private constructor(readonly page: Page) {}

  static async open(page: Page, name: string, where = "/lab/tree"): Promise<Notebook> {
    await page.goto(`${where}/${name}?token=${process.env.LAB_TOKEN}&reset`);
    return Notebook.current(page);
  }

  /** The one in the tab in front, as soon as its kernel is there. */
  static async current(page: Page): Promise<Notebook> {
    await expect(page.locator(".jp-Notebook .jp-CodeCell").first()).toBeVisible({ timeout: 120_000 });
    // Code that is sent before the session is there is dropped without a word.
    await page.waitForFunction(() => {
      return jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === "idle";
    });
    return new Notebook(page);
  }

  /** Runs a cell and waits until the kernel has finished it. */
  async run(id: string): Promise<void> {
    await this.start(id);
    await this.finished(id);
  }

  /** Changes what a cell says. */
  async edit(id: string, change: (source: string) => string): Promise<void> {
    const cell = (wanted: string) => {
      const { widgets } = jupyterapp.shell.currentWidget.content;
      return widgets.find(({ model }) => model.id === wanted)?.model.sharedModel;
    };
    const source = await this.page.evaluate(`(${cell})(${JSON.stringify(id)}).source`);
    await this.page.evaluate(`(${cell})(${JSON.stringify(id)}).setSource(${JSON.stringify(change(String(source)))})`);
  }

  /** Sends a cell to the kernel. */
  async start(id: string): Promise<void> {
    await this.page.evaluate(async (wanted) => {
      const notebook = jupyterapp.shell.currentWidget.content;
      notebook.activeCellIndex = notebook.widgets.findIndex((cell) => cell.model.id === wanted);
      notebook.activeCell.model.sharedModel.execution_count = null; // so that `finished` waits for this run
      void jupyterapp.commands.execute("notebook:run-cell");
    }, id);
  }

  /** Waits for a cell that was started. */
  async finished(id: string): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => {
        const { content, sessionContext } = jupyterapp.shell.currentWidget;
        const cell = content.widgets.find((one) => one.model.id === wanted);
        return cell?.model.executionCount != null && sessionContext?.session?.kernel?.status === "idle";
      },
      id,
      { timeout: 240_000, polling: 50 }, // looking once a frame makes the page draw frames, which benchmarks would count
    );
    const failed = (await this.outputs(id)).find((output) => output.ename !== undefined);
    if (failed !== undefined) throw new Error(`cell ${id}: ${failed.ename}: ${failed.evalue}`);
  }

  /** What a cell's outputs say, without their pictures, which may be megabytes. */
  async outputs(id: string): Promise<Output[]> {
    return this.page.evaluate((wanted) => {
      const { widgets } = jupyterapp.shell.currentWidget.content;
      const outputs = widgets.find((cell) => cell.model.id === wanted)?.model.outputs.toJSON() ?? [];
      return outputs.map(({ text, ename, evalue }) => ({ text, ename, evalue }));
    }, id);
  }

  /** What a cell printed. */
  async printed(id: string): Promise<string> {
    return (await this.outputs(id)).flatMap((output) => output.text ?? []).join("");
  }

  /** Runs a cell that prints one JSON value. */
  async read<Value>(id: string): Promise<Value> {
    await this.run(id);
    return JSON.parse(await this.printed(id)) as Value;
  }

  /** Asks the kernel for one JSON value, past the cells, so that neither focus nor scroll position moves. */
  async ask<Value>(code: string): Promise<Value> {
    const printed = await this.page.evaluate(async (asked) => {
      const kernel = jupyterapp.shell.currentWidget.sessionContext?.session?.kernel;
      const future = kernel?.requestExecute({ code: asked, store_history: false });
      const texts: string[] = [];
      if (future) future.onIOPub = ({ content }) => texts.push(content.text ?? content.evalue ?? "");
      await future?.done;
      return texts.join("");
    }, code);
    return JSON.parse(printed) as Value;
  }

  /** The head view in the output of a cell, scrolled into sight. */
  async headView(id: string): Promise<Locator> {
    return this.view(id, "Attention heads");
  }

  /** A cell, scrolled into sight: far from it JupyterLab draws none. */
  async cell(id: string): Promise<Locator> {
    await this.page.evaluate(async (wanted) => {
      const notebook = jupyterapp.shell.currentWidget.content;
      const index = notebook.widgets.findIndex((cell) => cell.model.id === wanted);
      notebook.widgets[index].node.dataset.cell = wanted;
      await notebook.scrollToItem(index, "start");
    }, id);
    return this.page.locator(`[data-cell="${id}"]`);
  }

  /** A view in the output of a cell, by the name of its region, scrolled into sight. */
  async view(id: string, name: string): Promise<Locator> {
    const view = (await this.cell(id)).getByRole("region", { name, exact: true });
    await expect(view).toBeVisible({ timeout: 120_000 });
    return view;
  }
}
