/**
 * From the capture's end to the complete grid, and from a click to every pane: SmolLM2, 30 x 9 heads, 256 tokens, in a
 * real JupyterLab. Rounds of what is measured and of what it is compared with take turns.
 */
import { cpus, loadavg } from "node:os";
import { type Locator, type Page, test } from "@playwright/test";
import { type KernelMessage, Notebook, prepare, shutDownKernels } from "../tests/browser/notebook.js";
import { CELLS } from "./cells.js";
import { PageMeter, printedMs } from "./meter.js";
import { type Click, print, type Shown, type Visit } from "./table.js";
import { areThere, isAtLayer, twoFrames } from "./waits.js";

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const LAYERS = [3, 6, 12, 15, 18, 21, 24, 27];
/** On these the pointer rests before the click, as a hand's does. */
const RESTED = LAYERS.map((layer) => layer - 1);

test("the explorer in JupyterLab", async ({ page, browser }) => {
  prepare("quickstart.ipynb", "bench.ipynb", CELLS);
  const notebook = await Notebook.open(page, "bench.ipynb");
  for (const cell of ["load", "prepare", "forward", "capture"]) await notebook.run(cell);
  const meter = await PageMeter.on(page);

  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const forward = await printedMs(notebook, "forward");
    const slider = await show(notebook, meter, "start", "slider", () =>
      areThere(page, ['.jp-OutputArea [role="slider"]']),
    );
    await notebook.run("close");
    const explorer = await show(notebook, meter, "capture", "explorer", () => complete(page));
    const view = await notebook.view("explorer", "Explorer");
    const first = await visit(page, meter, view, LAYERS);
    const again = await visit(page, meter, view, LAYERS);
    const rested = await visit(page, meter, view, RESTED, () => areThere(page, [], ".value"));
    const nothing = await clickNothing(page, meter, view);
    await notebook.run("close");
    const toggle = await clickToggle(page, meter, notebook);
    rounds.push({ forward, slider, explorer, first, again, rested, nothing, toggle });
  }
  const versions = await notebook.read<Record<string, string>>("versions");
  await shutDownKernels(page);
  print(rounds, {
    ...versions,
    chromium: browser.version(),
    cpu: `${cpus().length} x ${cpus()[0].model}`,
    "load average": loadavg()[0].toFixed(1),
  });
});

/** Shows a widget: CPU from the end of the cell `before` until it `isThere`, in the kernel and on the page. */
async function show(
  notebook: Notebook,
  meter: PageMeter,
  before: string,
  cell: string,
  isThere: () => Promise<void>,
): Promise<Shown> {
  await notebook.run(before);
  const page = await meter.during(async () => {
    await notebook.run(cell);
    await isThere();
    await twoFrames(notebook.page);
  });
  return { kernel: await printedMs(notebook, "spent"), page };
}

/** The grid has all its pictures, and the panes below their layer. */
function complete(page: Page): Promise<void> {
  return areThere(page, ['canvas.thumbs[data-layers="30"]', '.neuron-rows[data-layer="9"]']);
}

/**
 * Chooses one head after the other in the grid: CPU of the page for pointing at each, and for the click.
 *
 * @param rest Waits with the pointer on the head until the explorer has read it.
 */
async function visit(
  page: Page,
  meter: PageMeter,
  view: Locator,
  layers: readonly number[],
  rest: () => Promise<void> = async () => {},
): Promise<Visit[]> {
  const spent = [];
  const explorer = await view.elementHandle();
  for (const layer of layers) {
    const cell = view.getByRole("gridcell", { name: new RegExp(`^layer ${layer}, head ${layer % 9}(,|$)`) });
    const box = await cell.boundingBox();
    if (box === null || explorer === null) throw new Error(`layer ${layer} is not on the page`);
    const pointing = await meter.during(async () => {
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await twoFrames(page);
      await rest();
    });
    const click = await clickUntil(page, meter, () => explorer.evaluate(isAtLayer, layer));
    spent.push({ pointing, click });
  }
  return spent;
}

/**
 * CPU of a click where the pointer is, until every pane shows it, and two frames; and until the page has heard of it from
 * the kernel, which may be before, and two frames more.
 */
async function clickUntil(page: Page, meter: PageMeter, shown: () => Promise<void>): Promise<Click> {
  const echo = await page.evaluateHandle(listen); // before the click, which the kernel may answer at once
  const drawn = await meter.during(async () => {
    const isShown = shown(); // looks once a frame: Playwright's own looking costs more
    await page.mouse.down();
    await page.mouse.up();
    await isShown;
    await twoFrames(page);
  });
  const later = await meter.during(async () => {
    await echo.evaluate(({ told }) => told);
    await twoFrames(page);
  });
  return { drawn, heard: drawn + later };
}

/** What the click on a widget costs in this notebook whose page has next to nothing to do. */
async function clickToggle(page: Page, meter: PageMeter, notebook: Notebook): Promise<Click[]> {
  await notebook.run("toggle");
  const spent = [];
  const toggle = page.locator(".jp-OutputArea .widget-toggle-button").last();
  await toggle.scrollIntoViewIfNeeded();
  const button = await toggle.elementHandle();
  const box = await toggle.boundingBox();
  if (box === null || button === null) throw new Error("the button is not on the page");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (const [index] of LAYERS.entries()) {
    const isOn = index % 2 === 0;
    spent.push(await clickUntil(page, meter, () => button.evaluate(isActive, isOn)));
  }
  await notebook.run("close");
  return spent;
}

/** Clicks on the empty edge of the widget, at two places by turns: what a click costs here that changes nothing. */
async function clickNothing(page: Page, meter: PageMeter, view: Locator): Promise<number[]> {
  const spent = [];
  const box = await view.boundingBox();
  if (box === null) throw new Error("the explorer is not on the page");
  for (const [index] of LAYERS.entries()) {
    spent.push(
      await meter.during(async () => {
        await page.mouse.click(box.x + 4, box.y + 100 + 100 * (index % 2));
        await twoFrames(page);
      }),
    );
  }
  return spent;
}

/** Runs on the page: waits until a toggle button is on, or off. */
function isActive(button: Node, isOn: boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () =>
      (button as Element).classList.contains("mod-active") === isOn ? resolve() : void requestAnimationFrame(look);
    look();
  });
}

/** Runs on the page: from now on listens until the kernel has told what a widget set, and is idle again. */
function listen(): { told: Promise<void> } {
  const kernel = jupyterapp.shell.currentWidget.sessionContext?.session?.kernel;
  const told = new Promise<void>((resolve) => {
    const idle = new Set<string>();
    let echoed: string | undefined;
    const hear = (_: unknown, { msg: { content, parent_header } }: KernelMessage) => {
      const asked = parent_header.msg_id ?? ""; // by a page's message; the kernel sends the two in either order
      if (content.execution_state === "idle") idle.add(asked);
      if (content.data?.method === "echo_update") echoed = asked;
      if (echoed === undefined || !idle.has(echoed)) return;
      kernel?.anyMessage.disconnect(hear);
      resolve();
    };
    kernel?.anyMessage.connect(hear);
  });
  return { told };
}
