/** A page in a browser of its own: what it costs to paint, and what a hand on it costs. CPU, never the clock. */
import { readFileSync } from "node:fs";
import { type Browser, type CDPSession, chromium, type Page } from "@playwright/test";
import { PageMeter } from "../meter.js";

/** CPU in ms: of the page's main thread, and of all processes of the browser. */
export interface Spent {
  main: number;
  all: number;
}

export interface Memory {
  /** MiB: what scripts hold after a collection, and the most that the process of the page ever had. */
  heap: number;
  peak: number;
}

/** Says how a page broke. */
export class Broken extends Error {}

const LIMIT = { seconds: 400, cpuSeconds: 100, gigabytes: 9 };
const POLL_MS = 200;
/** So many looks in a row at which the page does next to nothing, and the pixels stay as they are. */
const QUIET_LOOKS = 4;
const QUIET_MS = 10; // a look's own tick
const BLANK_LOOKS = 40;
const SETTLED_MS = 1000;

declare global {
  interface Window {
    /** Elements of the page, those of its views in shadow roots too. */
    seek(selector: string): HTMLElement[];
  }
}

interface Process {
  type: string;
  id: number;
  cpuTime: number;
}

export class Visit {
  private constructor(
    readonly browser: Browser,
    readonly page: Page,
    private readonly processes: CDPSession,
    private readonly devtools: CDPSession,
    private readonly meter: PageMeter,
    /** Process of the page. */
    private readonly renderer: number,
  ) {}

  /** Opens a browser on an empty page of the server, whose process the next page of that server then has. */
  static async start(empty: string): Promise<Visit> {
    const browser = await chromium.launch({
      ...(process.env.CHROMIUM ? { executablePath: process.env.CHROMIUM } : {}),
      args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"],
    });
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    await page.goto(empty);
    await page.addInitScript(() => {
      window.seek = (selector) => {
        const roots = [document, ...[...document.querySelectorAll("*")].flatMap((one) => one.shadowRoot ?? [])];
        return roots.flatMap((root) => [...root.querySelectorAll<HTMLElement>(selector)]);
      };
    });
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Performance.enable");
    const meter = await PageMeter.on(page);
    const processes = await browser.newBrowserCDPSession();
    const visit = new Visit(browser, page, processes, devtools, meter, await busiest(processes, page));
    await visit.quiet();
    return visit;
  }

  /** CPU of going to a page, until it has painted all. Chromium accounts to each document what it took by itself. */
  async paint(url: string, isThere: () => Promise<boolean>): Promise<Spent> {
    const all = await this.all();
    await this.page.goto(url, { waitUntil: "commit", timeout: 0 });
    await this.quiet(isThere);
    return { main: await this.meter.read(), all: (await this.all()) - all };
  }

  /** CPU of an action, until nothing is left to do. */
  async during(act: () => Promise<unknown>): Promise<Spent> {
    const [main, all] = [await this.meter.read(), await this.all()];
    await act();
    await this.quiet();
    return { main: (await this.meter.read()) - main, all: (await this.all()) - all };
  }

  /** CPU of an action and the two frames after it. */
  async twoFrames(act: () => Promise<unknown>): Promise<Spent> {
    const [main, all] = [await this.meter.read(), await this.all()];
    await act();
    await this.page.evaluate(
      () => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
    );
    return { main: (await this.meter.read()) - main, all: (await this.all()) - all };
  }

  /** Middles of elements, far apart, once the first of them is in the window. */
  async places(selector: string, count: number): Promise<[number, number][]> {
    return this.page.evaluate(
      ([elements, most]) => {
        const all = window.seek(elements).slice(0, 4000);
        all[0]?.scrollIntoView({ block: "center" });
        const boxes = all
          .map((one) => one.getBoundingClientRect())
          .filter(({ x, y, width, height }) => width > 0 && x >= 0 && y >= 0 && y + height < innerHeight);
        const step = Math.max(1, Math.floor(boxes.length / most));
        const some = boxes.filter((_, at) => at % step === 0).slice(0, most);
        return some.map(({ x, y, width, height }): [number, number] => [x + width / 2, y + height / 2]);
      },
      [selector, count] as const,
    );
  }

  /** Ends the browser, also one that no longer answers. */
  async end(): Promise<void> {
    const closing = this.browser.close();
    const timer = setTimeout(() => process.kill(this.renderer, "SIGKILL"), 5000);
    await closing.catch(() => {});
    clearTimeout(timer);
  }

  async memory(): Promise<Memory> {
    const peak = megabytes(this.renderer, "VmHWM");
    await this.devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await this.devtools.send("Performance.getMetrics");
    const heap = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN;
    return { heap: heap / 2 ** 20, peak };
  }

  /**
   * Waits until the page is at rest and shows what it is there for.
   *
   * @throws Broken where it comes to rest without, or goes over a limit.
   */
  private async quiet(isThere: () => Promise<boolean> = async () => true): Promise<void> {
    const started = Date.now();
    const atFirst = await this.pageSeconds();
    let before = atFirst;
    for (let looks = 0; looks < QUIET_LOOKS; ) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const cpuTime = await this.pageSeconds();
      looks = 1000 * (cpuTime - before) <= QUIET_MS ? looks + 1 : 0;
      before = cpuTime;
      if (cpuTime - atFirst > LIMIT.cpuSeconds) throw new Broken(`over ${LIMIT.cpuSeconds} s of CPU`);
      if (Date.now() - started > 1000 * LIMIT.seconds) throw new Broken(`over ${LIMIT.seconds} s`);
      if (megabytes(this.renderer, "VmRSS") > 1000 * LIMIT.gigabytes)
        throw new Broken(`over ${LIMIT.gigabytes} GB in the page's process`);
      if (looks >= QUIET_LOOKS && !(await isThere())) {
        if (Date.now() - started > BLANK_LOOKS * POLL_MS) throw new Broken("blank: loaded, at rest, no view, no error");
        looks = 0;
      }
    }
  }

  private async all(): Promise<number> {
    return 1000 * (await processesOf(this.processes)).reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  }

  /** CPU seconds of the page's process. */
  private async pageSeconds(): Promise<number> {
    const one = (await processesOf(this.processes)).find(({ id }) => id === this.renderer);
    if (one === undefined) throw new Broken("the page's process died");
    return one.cpuTime;
  }
}

async function processesOf(session: CDPSession): Promise<Process[]> {
  return (await session.send("SystemInfo.getProcessInfo")).processInfo;
}

/** Which process is the page's: that which is busy while the page is. */
async function busiest(session: CDPSession, page: Page): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS)); // the others start up meanwhile
  const before = new Map((await processesOf(session)).map(({ id, cpuTime }) => [id, cpuTime]));
  await page.evaluate(() => {
    const end = performance.now() + 300;
    while (performance.now() < end);
  });
  const spent = ({ id, cpuTime }: Process) => cpuTime - (before.get(id) ?? 0);
  return (await processesOf(session)).reduce((most, one) => (spent(one) > spent(most) ? one : most)).id;
}

/** MiB of a process by the name that Linux gives them. */
function megabytes(id: number, which: "VmHWM" | "VmRSS"): number {
  const status = readFileSync(`/proc/${id}/status`, "utf8");
  return Number(new RegExp(`${which}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}
