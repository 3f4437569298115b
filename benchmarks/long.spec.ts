/** Long texts in headscope alone, in a real JupyterLab. Leaves its numbers for docs/benchmarks.md. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Page, test } from "@playwright/test";
import { Notebook, prepare, shutDownKernels } from "../tests/browser/notebook.js";
import { type Both, CELLS, LENGTHS, type Length, type Long } from "./long.js";
import { PageMeter } from "./meter.js";

const FOLDER = join(__dirname, "../build/bench");
const POLL_MS = 250;
const QUIET_MS = 20;
const QUIET_LOOKS = 4;
const WAIT_S = 120;
const PLACES = 8;

test("long texts", async ({ page }) => {
  prepare("quickstart.ipynb", "long.ipynb", CELLS);
  const notebook = await Notebook.open(page, "long.ipynb");
  const meter = await PageMeter.on(page);
  await notebook.run("start");
  const kernel = new Kernel(await notebook.ask<number>("import os; print(os.getpid())"));
  const rows: Long[] = [];
  for (const tokens of Object.keys(LENGTHS).map(Number) as Length[]) {
    rows.push(await show(notebook, meter, kernel, tokens));
    console.log(JSON.stringify(rows.at(-1)));
  }
  await shutDownKernels(page);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "long.json"), JSON.stringify(rows));
});

async function show(notebook: Notebook, meter: PageMeter, kernel: Kernel, tokens: Length): Promise<Long> {
  await notebook.run(`capture${tokens}`);
  const until = () => quiet(notebook.page, meter, kernel);
  const first = await both(meter, kernel, async () => {
    await notebook.run(`view${tokens}`);
    await until();
  });
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
  await until();
  const change = await both(meter, kernel, async () => {
    await notebook.ask("view.layer = 1; print(1)");
    await until();
  });
  await notebook.page.screenshot({ path: join(FOLDER, `long-${tokens}.png`) });
  await notebook.run("close");
  return { tokens, layers: LENGTHS[tokens], first, hover, change };
}

async function both(meter: PageMeter, kernel: Kernel, act: () => Promise<void>): Promise<Both> {
  const before = kernel.read();
  const page = await meter.during(act);
  return { page, kernel: kernel.read() - before };
}

/** CPU of the kernel's process in ms, all its threads together, without asking it. */
class Kernel {
  constructor(private readonly id: number) {}

  read(): number {
    const [user, system] = readFileSync(`/proc/${this.id}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13);
    return 10 * (Number(user) + Number(system)); // in hundredths of a second
  }
}

/** Waits until neither the page nor the kernel has anything left to do. */
async function quiet(page: Page, meter: PageMeter, kernel: Kernel): Promise<void> {
  const end = Date.now() + 1000 * WAIT_S;
  const all = async () => (await meter.read()) + kernel.read();
  let before = await all();
  for (let looks = 0; looks < QUIET_LOOKS && Date.now() < end; ) {
    await page.waitForTimeout(POLL_MS);
    const now = await all();
    looks = now - before <= QUIET_MS ? looks + 1 : 0;
    before = now;
  }
}

function twoFrames(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}
