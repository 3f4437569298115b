/** Everything about one page, for any tool. */
import { type Memory, type Spent, Visit } from "./browser.js";
import type { Pages } from "./server.js";
import type { Tool } from "./tools.js";

/** What one page took: CPU in ms, memory in MiB above an empty page. Absent: it has no such thing, or it broke before. */
export interface Measured {
  bytes?: number;
  paint?: Spent;
  memory?: Memory;
  /** The pointer on an empty page: what the looking itself takes. */
  nothing?: Spent[];
  /** One for each place. */
  hover?: Spent[];
  ask?: Spent[];
  scroll?: Spent[];
  change?: Spent[];
  /** How it broke, and at what. */
  broke?: string;
}

const PLACES = 8;
const CHANGES = 3;
const STEPS = 10;

export async function measure(tool: Tool, pages: Pages, file: string, picture: string): Promise<Measured> {
  const measured: Measured = {};
  const visit = await Visit.start(pages.url("empty.html"));
  let stage = "paint";
  try {
    const { page } = visit;
    const isThere = () => page.evaluate<boolean>(tool.isThere);
    const empty = await visit.memory();
    measured.nothing = [];
    for (let at = 0; at < PLACES; at++) {
      measured.nothing.push(await visit.during(() => page.mouse.move(100 * at, 300)));
    }
    pages.bytes = 0;
    measured.paint = await visit.paint(pages.url(file), isThere);
    measured.bytes = pages.bytes;
    const { heap, peak } = await visit.memory();
    measured.memory = { heap: heap - empty.heap, peak: peak - empty.peak };
    await page.screenshot({ path: picture, timeout: 120_000 });
    const places = await visit.places(tool.targets, PLACES);
    stage = "hover";
    measured.hover = [];
    for (const [x, y] of places) measured.hover.push(await visit.during(() => page.mouse.move(x, y)));
    if (tool.asks === "click") {
      stage = "click";
      measured.ask = [];
      for (const [x, y] of places.slice(0, CHANGES)) {
        measured.ask.push(await visit.during(() => page.mouse.click(x, y)));
        await visit.during(() => page.mouse.click(x, y));
      }
    }
    const { change } = tool;
    if (change !== null) {
      stage = "change";
      await page.mouse.move(1399, 999);
      measured.change = [];
      for (let to = 1; to <= CHANGES; to++) measured.change.push(await visit.during(() => change(page, to)));
    }
    stage = "scroll";
    await page.mouse.move(600, 500);
    measured.scroll = [];
    for (let step = 0; step < STEPS; step++) {
      const down = step < STEPS / 2 ? 100 : -100;
      measured.scroll.push(await visit.twoFrames(() => page.mouse.wheel(0, down)));
    }
  } catch (error) {
    measured.broke = `${stage}: ${(error as Error).message.split("\n")[0]}`;
  } finally {
    await visit.end();
  }
  return measured;
}
