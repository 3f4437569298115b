import { KernelSource } from "./kernel.js";
import { type Line, Lines } from "./lines.js";

declare const HEADSCOPE_VERSION: string;

interface Shared {
  source: KernelSource;
  lines: Lines;
}

/**
 * The source of a capture, one for all widgets on the page that show it; it goes when the last of them goes.
 *
 * Hosts evaluate the bundle once per widget, so that a module's own variables are not shared: this is the one thing
 * that is global.
 *
 * @param line The widget's own, over which the source may ask as long as it is open.
 */
export function sharedSource(capture: string, line: Line, inVsCode: boolean): KernelSource {
  const all = sources();
  const shared = all.get(capture) ?? make(inVsCode);
  shared.lines.add(line);
  if (!line.closed.aborted) all.set(capture, shared);
  line.closed.addEventListener("abort", () => {
    if (shared.lines.isEmpty) all.delete(capture);
  });
  return shared.source;
}

function make(inVsCode: boolean): Shared {
  const lines = new Lines();
  return { lines, source: new KernelSource(lines, inVsCode) };
}

function sources(): Map<string, Shared> {
  const page = globalThis as unknown as Record<symbol, Map<string, Shared> | undefined>;
  const name = Symbol.for(`headscope:${HEADSCOPE_VERSION}`);
  page[name] ??= new Map();
  return page[name];
}
