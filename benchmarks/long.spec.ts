/** Long texts in headscope alone, in a real JupyterLab. Leaves its numbers for docs/benchmarks.md. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Page, test } from "@playwright/test";
import { Notebook, prepare, shutDownKernels } from "../tests/browser/notebook.js";
import { CELLS, LENGTHS, type Length, type Long } from "./long.js";
import { PageMeter, printedMs } from "./meter.js";

const FOLDER = join(__dirname, "../build/bench");
const POLL_MS = 250;
const QUIET_MS = 8;
const QUIET_LOOKS = 4;
const WAIT_S = 120;
const PLACES = 8;

test("long texts", async ({ page }) => {
  prepare("quickstart.ipynb", "long.ipynb", CELLS);
  const notebook = await Notebook.open(page, "long.ipynb");
  const meter = await PageMeter.on(page);
  await notebook.run("start");
  const rows: Long[] = [];
  for (const tokens of Object.keys(LENGTHS).map(Number) as Length[]) {
    rows.push(await show(notebook, meter, tokens));
    console.log(JSON.stringify(rows.at(-1)));
  }
  await shutDownKernels(page);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "long.json"), JSON.stringify(rows));
});

async function show(notebook: Notebook, meter: PageMeter, tokens: Length): Promise<Long> {
  await notebook.run(`capture${tokens}`);
  const page = await meter.during(async () => {
    await notebook.run(`view${tokens}`);
    await quiet(notebook.page, meter);
  });
  const kernel = await printedMs(notebook, "spent");
  const view = await notebook.view(`view${tokens}`, "Explorer");
  const hover = [];
  for (const token of (await view.locator(".column.query [data-entry]").all()).slice(1, PLACES + 1)) {
    const box = await token.boundingBox();
    if (box === null) continue;
    hover.push(
      await meter.during(async () => {
        await notebook.page.mouse.move(box.x + box.width - 20, box.y + box.height / 2);
        await twoFrames(notebook.page);
      }),
    );
  }
  await notebook.page.mouse.move(1, 1);
  await quiet(notebook.page, meter);
  const change = await other(notebook, meter);
  await notebook.page.screenshot({ path: join(FOLDER, `long-${tokens}.png`) });
  await notebook.run("close");
  return { tokens, layers: LENGTHS[tokens], kernel, page, hover, change };
}

async function other(notebook: Notebook, meter: PageMeter): Promise<Long["change"]> {
  const before = await notebook.ask<number>("print(time.process_time())");
  const page = await meter.during(async () => {
    await notebook.ask("view.layer = 1; print(1)");
    await quiet(notebook.page, meter);
  });
  return { page, kernel: 1000 * ((await notebook.ask<number>("print(time.process_time())")) - before) };
}

/** Waits until the page has nothing left to do. */
async function quiet(page: Page, meter: PageMeter): Promise<void> {
  const end = Date.now() + 1000 * WAIT_S;
  let before = await meter.read();
  for (let looks = 0; looks < QUIET_LOOKS && Date.now() < end; ) {
    await page.waitForTimeout(POLL_MS);
    const now = await meter.read();
    looks = now - before <= QUIET_MS ? looks + 1 : 0;
    before = now;
  }
}

function twoFrames(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}
