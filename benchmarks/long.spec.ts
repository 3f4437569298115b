/** Long texts in headscope alone, in a real JupyterLab. Leaves its numbers for docs/benchmarks.md. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CDPSession, type Locator, type Page, test } from "@playwright/test";
import { Notebook, prepare, shutDownKernels } from "../tests/browser/notebook.js";
import { type Both, CASES, type Case, CELLS, type Long } from "./long.js";
import { PageMeter } from "./meter.js";
import { areThere, isAtLayer, nextFrame, twoFrames } from "./waits.js";

const FOLDER = join(__dirname, "../build/bench");
const POLL_MS = 250;
const QUIET_MS = 20;
const QUIET_LOOKS = 4;
const WAIT_S = 600;
/** Twice what the views take for a pointer's rest. */
const REST_MS = 200;
/** Moves of the pointer over each column of tokens, in so many places of the text, each so much further. */
const MOVES = 20;
const WINDOWS = 3;
const WINDOW_PX = 480;
/** Changes of the layer; places of the map that one comes closer to. */
const CHANGES = 5;
const PLACES = [0.3, 0.5, 0.8];
const PLOT = '[role="application"][aria-label^="Attention map"]';

const only = process.env.TOKENS?.split(",").map(Number); // TOKENS=512,2048 for a part

test("long texts", async ({ page, browser }) => {
  prepare("quickstart.ipynb", "long.ipynb", CELLS);
  const traffic = new Traffic(page);
  const notebook = await Notebook.open(page, "long.ipynb");
  const processes = await browser.newBrowserCDPSession();
  const meter = await PageMeter.on(page);
  await notebook.run("load");
  await notebook.run("start");
  const kernel = new Kernel(await notebook.ask<number>("import os; print(os.getpid())"));
  const bench = new Bench(notebook, meter, kernel, traffic, processes);
  const rows: Long[] = [];
  for (const one of CASES.filter(({ tokens }) => only === undefined || only.includes(tokens))) {
    rows.push(await bench.measure(one));
    console.log(JSON.stringify(rows.at(-1)));
  }
  await shutDownKernels(page);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "long.json"), JSON.stringify(rows));
});

class Bench {
  constructor(
    private readonly notebook: Notebook,
    private readonly meter: PageMeter,
    private readonly kernel: Kernel,
    private readonly traffic: Traffic,
    private readonly processes: CDPSession,
  ) {}

  async measure({ code: _, ...one }: Case): Promise<Long> {
    const { tokens } = one;
    const held = (await this.notebook.read<number>(`capture${tokens}`)) / 2 ** 20;
    await this.quiet();
    const before = await this.memory();
    this.traffic.largest = 0;
    const first = await this.both(async () => {
      await this.notebook.run(`view${tokens}`);
      await this.notebook.cell(`view${tokens}`);
      await this.isAnswering();
    });
    const view = await this.notebook.view(`view${tokens}`, "Explorer");
    const rest = await this.both(() => this.quiet());
    const whole = { kernel: first.kernel + rest.kernel, page: first.page + rest.page };
    const hover = await this.hover(view);
    const nothing = await this.edge(view);
    await this.quiet();
    const trip = await this.trips();
    const change = await this.change(view, one.layers);
    const tile = await this.map(view);
    const memory = (await this.memory()) - before;
    await this.notebook.page.screenshot({ path: join(FOLDER, `long-${tokens}.png`) });
    await this.notebook.run("close");
    return { ...one, held, first, whole, hover, nothing, change, trip, tile, memory, message: this.traffic.largest };
  }

  /** The pointer on a token is answered by numbers beside the keys, and the layer is drawn in the grid. */
  private async isAnswering(): Promise<void> {
    const { page } = this.notebook;
    const token = '.column.query [data-entry="3"]';
    await areThere(page, [token]);
    await page.locator(token).scrollIntoViewIfNeeded();
    const box = await page.locator(token).boundingBox();
    if (box === null) throw new Error("the query is not on the page");
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await areThere(page, ['canvas.thumbs[data-layers]:not([data-layers="0"])'], ".column.key .number");
  }

  /** CPU of the page for each frame after each of some moves over the tokens of both columns, in some places of the text. */
  private async hover(view: Locator): Promise<number[][]> {
    const { page } = this.notebook;
    const spent: number[][] = [];
    await view.locator(".column.query").scrollIntoViewIfNeeded(); // all of it: a pointer out of the window costs nothing
    for (let window = 0; window < WINDOWS; window++) {
      for (const side of ["query", "key"]) spent.push(...(await this.along(view, side)));
      await page.keyboard.down("Shift");
      await page.mouse.wheel(0, WINDOW_PX);
      await page.keyboard.up("Shift");
      await page.mouse.move(1, 1);
      await this.quiet();
    }
    return spent;
  }

  private async along(view: Locator, side: string): Promise<number[][]> {
    const spent: number[][] = [];
    const tokens = (await view.locator(`.column.${side} [data-entry] .token`).all()).slice(1, MOVES + 1);
    for (const token of tokens) {
      const box = await token.boundingBox();
      if (box === null) continue;
      spent.push(await this.move(box.x + box.width / 2, box.y + box.height / 2));
    }
    return spent;
  }

  /** CPU of the page for moves over the empty edge of the widget. */
  private async edge(view: Locator): Promise<number[][]> {
    const box = await view.boundingBox();
    if (box === null) throw new Error("the explorer is not on the page");
    const bottom = Math.min(box.y + box.height, 900);
    const spent: number[][] = [];
    for (let at = 0; at < MOVES; at++) spent.push(await this.move(box.x + 4, bottom - 40 - 8 * at));
    return spent;
  }

  /** The frames from a move until the pointer has rested so long that all has followed it. */
  private async move(x: number, y: number): Promise<number[]> {
    const { page } = this.notebook;
    const end = Date.now() + REST_MS;
    const frames = [
      await this.meter.during(async () => {
        await page.mouse.move(x, y);
        await nextFrame(page);
      }),
    ];
    while (Date.now() < end) frames.push(await this.meter.during(() => nextFrame(page)));
    return frames;
  }

  private async trips(): Promise<number[]> {
    const spent = [];
    for (let at = 0; at < CHANGES; at++) {
      const started = Date.now();
      await this.notebook.ask("print(1)");
      spent.push(Date.now() - started);
    }
    return spent;
  }

  /** To and fro between layers that the page has not had, where there are as many. */
  private async change(view: Locator, layers: number): Promise<Long["change"]> {
    const spent = [];
    const { page } = this.notebook;
    const explorer = await view.elementHandle();
    const next = view.getByRole("button", { name: "Next layer" });
    await next.scrollIntoViewIfNeeded(); // a tall grid pushes it out of the window
    const button = await next.boundingBox();
    if (explorer === null || button === null) throw new Error("not on the page");
    await page.mouse.move(button.x + button.width / 2, button.y + button.height / 2);
    await this.quiet();
    for (let at = 1; at <= Math.min(CHANGES, layers - 1); at++) {
      const started = Date.now();
      let wall = 0;
      const cpu = await this.both(async () => {
        const isThere = explorer.evaluate(isAtLayer, at);
        await page.mouse.down();
        await page.mouse.up();
        await isThere;
        wall = Date.now() - started;
        await twoFrames(page);
      });
      spent.push({ ...cpu, wall });
      await this.quiet();
    }
    return spent;
  }

  /** The map as a whole, then closer in some places. */
  private async map(view: Locator): Promise<Long["tile"]> {
    const { page } = this.notebook;
    const before = this.traffic.tiles;
    const way = view.getByRole("radio", { name: "map of the whole attention" });
    await way.scrollIntoViewIfNeeded();
    const radio = await way.boundingBox();
    if (radio === null) throw new Error("no way to the map on the page");
    const cpu = await this.both(async () => {
      await page.mouse.click(radio.x + radio.width / 2, radio.y + radio.height / 2);
      await areThere(page, [PLOT]);
      const plot = page.locator(PLOT);
      await plot.scrollIntoViewIfNeeded();
      await this.quiet();
      const box = await plot.boundingBox();
      if (box === null) throw new Error("no map on the page");
      for (const place of PLACES) {
        await page.mouse.move(box.x + 0.9 * place * box.width, box.y + place * box.height);
        await page.keyboard.down("Control");
        await page.mouse.wheel(0, -300);
        await page.keyboard.up("Control");
        await this.quiet();
      }
    });
    const count = this.traffic.tiles - before;
    return { count, kernel: cpu.kernel / count, page: cpu.page / count };
  }

  private async both(act: () => Promise<void>): Promise<Both> {
    const before = this.kernel.read();
    const page = await this.meter.during(act);
    return { page, kernel: this.kernel.read() - before };
  }

  /** Waits until neither the page nor the kernel has anything left to do. */
  private async quiet(): Promise<void> {
    const end = Date.now() + 1000 * WAIT_S;
    const all = async () => (await this.meter.read()) + this.kernel.read();
    let before = await all();
    for (let looks = 0; looks < QUIET_LOOKS && Date.now() < end; ) {
      await this.notebook.page.waitForTimeout(POLL_MS);
      const now = await all();
      looks = now - before <= QUIET_MS ? looks + 1 : 0;
      before = now;
    }
  }

  /** MiB of the largest of the browser's page processes: that of the lab. */
  private async memory(): Promise<number> {
    const { processInfo } = await this.processes.send("SystemInfo.getProcessInfo");
    const pages = processInfo.filter(({ type }) => type === "renderer");
    return Math.max(...pages.map(({ id }) => residentMiB(id)));
  }
}

/** What goes between the page and the kernel. */
class Traffic {
  largest = 0;
  tiles = 0;

  constructor(page: Page) {
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => {
        this.largest = Math.max(this.largest, payload.length);
      });
      socket.on("framesent", ({ payload }) => {
        if (/"op": ?"tile"/.test(payload.toString("latin1" as never))) this.tiles += 1;
      });
    });
  }
}

/** CPU of the kernel's process in ms, all its threads together, without asking it. */
class Kernel {
  constructor(private readonly id: number) {}

  read(): number {
    const [user, system] = readFileSync(`/proc/${this.id}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13);
    return 10 * (Number(user) + Number(system)); // in hundredths of a second
  }
}

function residentMiB(id: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]) / 1024;
}
