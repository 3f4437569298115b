/** What is measured: CPU of the page's main thread and of the kernel, in milliseconds. Never the clock on the wall. */
import type { CDPSession, Page } from "@playwright/test";
import type { Notebook } from "../tests/browser/notebook.js";

/** CPU of the main thread of a page, as Chromium accounts it to tasks. */
export class PageMeter {
  private constructor(private readonly devtools: CDPSession) {}

  static async on(page: Page): Promise<PageMeter> {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
    return new PageMeter(devtools);
  }

  /** CPU of all tasks so far. */
  async read(): Promise<number> {
    const { metrics } = await this.devtools.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  }

  /** CPU of all tasks until `act` is done. */
  async during(act: () => Promise<unknown>): Promise<number> {
    const before = await this.read();
    await act();
    return (await this.read()) - before;
  }
}

/** CPU that the cell prints in seconds. */
export async function printedMs(notebook: Notebook, cell: string): Promise<number> {
  return 1000 * (await notebook.read<number>(cell));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
