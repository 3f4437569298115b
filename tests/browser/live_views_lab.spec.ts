/** Live views of a real JupyterLab's notebooks: their list in the side panel, and tabs of their own. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { look, Notebook, openSettings, prepare, shutDownKernels } from "./notebook.js";

const CELLS = {
  capture: `capture = hs.capture(model, "The doctor asked the nurse a question. She", tokenizer=tokenizer)`,
  first: `first = hs.explore(model, "The doctor asked the nurse a question. She", tokenizer=tokenizer, layer=9, heads=[4])\nfirst`,
  boxed: `
import ipywidgets
second = hs.HeadView(capture, layer=3, heads=[2], theme="light")
ipywidgets.VBox([ipywidgets.Label("in a box"), second])`,
};

test.describe.configure({ mode: "serial" });

let page: Page;
let notebook: Notebook;

test.beforeAll(async ({ browser }) => {
  prepare("quickstart.ipynb", "live.ipynb", CELLS);
  page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  notebook = await Notebook.open(page, "live.ipynb");
});

test.afterAll(async () => {
  await shutDownKernels(page);
  await page.close();
});

const panel = () => page.locator("#headscope-views");
const tab = () => page.locator(".headscope-tab");
const entries = () => panel().getByRole("listitem");

test("a view whose kernel was restarted is not listed by a panel that is opened then, nor exported as a page", async () => {
  for (const id of ["load", "first"]) await notebook.run(id);
  await notebook.view("first", "Explorer");
  await restart();
  await page.getByRole("tab", { name: "Attention views" }).click();
  await page.evaluate(() => void jupyterapp.commands.execute("headscope:export-page"));
  await expect(page.getByRole("dialog")).toContainText("its kernel was restarted. Run its cell again.");
  await page.getByRole("dialog").getByRole("button").click();
  for (const id of ["load", "capture", "boxed"]) await notebook.run(id);
  await expect(entries()).toHaveText([/^Head view/]);
  await restart();
});

test("a panel that could not be loaded says so, and is there when it is opened again", async () => {
  await page.goto(`/lab/tree/live.ipynb?token=${process.env.LAB_TOKEN}&reset`);
  notebook = await Notebook.current(page);
  await page.route("**/extensions/headscope/**", (route) => route.abort());
  await page.getByRole("tab", { name: "Attention views" }).click();
  await expect(panel()).toContainText("The views cannot be listed");
  await page.unroute("**/extensions/headscope/**");
  await page.getByRole("tab", { name: "Attention views" }).click();
  await expect(panel()).toBeHidden();
});

test("an empty list says what it would list", async () => {
  await page.getByRole("tab", { name: "Attention views" }).click();
  await expect(panel()).toContainText("No view is live");
  await expect(panel()).toContainText("hs.explore");
  await look(page, "views_empty");
});

test("lists the views as their cells run, those in boxes too, with what is selected", async () => {
  for (const id of ["load", "capture", "first", "boxed"]) await notebook.run(id);
  await expect(entries()).toHaveCount(2);
  await expect(entries().nth(0)).toContainText("Explorer");
  await expect(entries().nth(0)).toContainText("The doctor asked the nurse a question. She");
  await expect(entries().nth(0)).toContainText("layer 9, head 4");
  await expect(entries().nth(1)).toContainText("Head view");
  await notebook.ask("first.select(layer=16, heads=[0]); print(1)");
  await expect(entries().nth(0)).toContainText("layer 16, head 0");
  await look(page, "views_two");
});

test("an entry brings its cell into sight, by the keyboard too", async () => {
  await notebook.cell("load");
  const cell = page.locator('.jp-Notebook [data-cell="first"]');
  await notebook.cell("first");
  await notebook.cell("load");
  await expect(cell).not.toBeInViewport();
  await entries()
    .nth(0)
    .getByRole("button", { name: /^Explorer/ })
    .focus();
  await page.keyboard.press("Enter");
  await expect(cell.getByRole("region", { name: "Explorer", exact: true })).toBeInViewport();
  await expect
    .poll(() => cell.evaluate((node) => node.getAnimations().map(({ id }) => id)))
    .toContain("headscope-here");
});

test("the theme of the settings is that of views that Python has not told", async () => {
  const settings = await openSettings(page);
  await settings.locator('select[id$="theme"]').selectOption("dark");
  await notebookInFront();
  await expect((await notebook.cell("first")).locator(".headscope").first()).toHaveAttribute("data-theme", "dark");
  await expect((await notebook.cell("boxed")).locator(".headscope").first()).toHaveAttribute("data-theme", "light");
  await openSettings(page);
  await settings.locator('select[id$="theme"]').selectOption("follow JupyterLab");
  await expect(page.locator("html")).not.toHaveAttribute("data-headscope-theme");
  await page.locator(".lm-TabBar-tab", { hasText: "Settings" }).locator(".lm-TabBar-tabCloseIcon").click();
});

test("a tab of its own shows the same view: what is clicked there is in the notebook and in Python", async () => {
  await entries()
    .nth(0)
    .getByRole("button", { name: /Open in a tab/ })
    .click();
  const explorer = tab().getByRole("region", { name: "Explorer", exact: true });
  await expect(explorer.locator("canvas.thumbs")).toBeVisible();
  await explorer.getByRole("button", { name: "Next layer" }).click();
  await expect(entries().nth(0)).toContainText("layer 17");
  await notebookInFront();
  expect(await notebook.ask("print(first.layer)")).toBe(17);
  await entries()
    .nth(0)
    .getByRole("button", { name: /Open in a tab/ })
    .click();
  await expect(tab()).toHaveCount(1);
  await look(page, "views_tab");
});

test("when its cell has run again, the tab shows the new view", async () => {
  await notebookInFront();
  await notebook.run("first");
  const explorer = tab().getByRole("region", { name: "Explorer", exact: true });
  await expect(explorer.getByRole("navigation", { name: "Path" })).toContainText("layer 9");
  await explorer.getByRole("button", { name: "Next layer" }).click();
  await expect(entries().nth(0)).toContainText("layer 10");
  await notebookInFront();
  await expect.poll(() => notebook.ask("print(first.layer)")).toBe(10);
});

test("a view that is closed, and a kernel that restarts, are said in the tab; running the cell brings it back", async () => {
  await notebook.ask("first.close(); print(1)");
  await expect(tab().getByRole("status")).toContainText("This view was closed");
  await expect(entries()).toHaveCount(1);
  await notebook.run("first");
  await expect(tab().getByRole("region", { name: "Explorer", exact: true })).toBeVisible();
  await restart();
  await expect(tab().getByRole("status")).toContainText("was restarted");
  await expect(entries()).toHaveCount(0);
  await look(page, "views_dead");
  await notebook.run("load");
  await notebook.run("first");
  await expect(tab().getByRole("region", { name: "Explorer", exact: true })).toBeVisible();
  await expect(entries()).toHaveCount(1);
});

test("a view that cannot be drawn says why", async () => {
  await page.locator(".lm-TabBar-tab", { hasText: "Explorer ·" }).locator(".lm-TabBar-tabCloseIcon").click();
  await expect(tab()).toHaveCount(0);
  await breakViews();
  await entries()
    .nth(0)
    .getByRole("button", { name: /Open in a tab/ })
    .click();
  await expect(tab().getByRole("alert")).toContainText("cannot be drawn: no room");
});

test("the tab is there again after the page is loaded again, and opens its notebook where that is closed", async () => {
  const headers = { Authorization: `token ${process.env.LAB_TOKEN}` };
  const workspace = async () => (await page.request.get("/lab/api/workspaces/default", { headers })).text();
  await expect.poll(workspace).toMatch(/headscope-tabs/);
  await notebookInFront();
  await page.evaluate(() => jupyterapp.commands.execute("docmanager:save"));
  await page.goto(`/lab?token=${process.env.LAB_TOKEN}`);
  const explorer: Locator = tab().getByRole("region", { name: "Explorer", exact: true });
  await expect(explorer).toBeVisible({ timeout: 120_000 });
  await page
    .locator(".lm-TabBar-tab", { hasText: /^live\.ipynb/ })
    .locator(".lm-TabBar-tabCloseIcon")
    .click();
  await expect(tab().getByRole("status")).toContainText("live.ipynb is not open");
  await tab().getByRole("button", { name: "Open the notebook" }).click();
  await expect(explorer).toBeVisible();
});

async function notebookInFront(): Promise<void> {
  await page.locator(".lm-TabBar-tab", { hasText: /^live\.ipynb/ }).click();
  await expect.poll(() => page.evaluate(() => jupyterapp.shell.currentWidget?.context?.path)).toBe("live.ipynb");
}

/** Has the widgets of the notebook refuse to be shown once more. */
async function breakViews(): Promise<void> {
  await notebookInFront();
  await page.evaluate(async () => {
    interface Renderer {
      _manager: { promise: Promise<{ create_view(): Promise<never> }> };
    }
    const { rendermime } = jupyterapp.shell.currentWidget.content as unknown as {
      rendermime: { createRenderer(type: string): Renderer };
    };
    const manager = await rendermime.createRenderer("application/vnd.jupyter.widget-view+json")._manager.promise;
    manager.create_view = () => Promise.reject(new Error("no room"));
  });
}

test("the tab goes with its notebook when that gets another name", async () => {
  await page.evaluate(() => {
    const { serviceManager } = jupyterapp as unknown as {
      serviceManager: { contents: { rename(from: string, to: string): Promise<unknown> } };
    };
    return serviceManager.contents.rename("live.ipynb", "renamed.ipynb");
  });
  await expect(page.locator(".lm-TabBar-tab", { hasText: "Explorer · renamed.ipynb" })).toBeVisible();
  await expect(panel().getByRole("heading", { name: "renamed.ipynb" })).toBeVisible();
  await expect(tab().getByRole("region", { name: "Explorer", exact: true })).toBeVisible();
});

function restart(): Promise<void> {
  return page.evaluate(() => {
    const { sessionContext } = jupyterapp.shell.currentWidget as unknown as {
      sessionContext: { session: { kernel: { restart(): Promise<void> } } };
    };
    return sessionContext.session.kernel.restart();
  });
}
