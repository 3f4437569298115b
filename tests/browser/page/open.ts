import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { build } from "esbuild";
import type { Start } from "./host.js";

const ADDRESS = "http://headscope.test/";
const WIDGET = join(__dirname, "../../../python/headscope/static/widget.js");

let hostScript: Promise<string> | undefined;

/** Opens the page that plays the notebook. No server: what the page asks for is answered from here. */
export async function openPage(page: Page): Promise<void> {
  hostScript ??= bundleHost();
  const files: Record<string, () => Promise<string>> = {
    "/": () => readFile(join(__dirname, "index.html"), "utf8"),
    "/host.js": () => hostScript ?? bundleHost(),
    "/widget.js": () => readFile(WIDGET, "utf8"),
  };
  await page.route(`${ADDRESS}**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const read = files[pathname];
    const contentType = pathname === "/" ? "text/html; charset=utf-8" : "text/javascript; charset=utf-8";
    await (read ? route.fulfill({ contentType, body: await read() }) : route.fulfill({ status: 404, body: "" }));
  });
  await page.goto(ADDRESS);
  await page.waitForFunction(() => "show" in window);
}

/** Opens the page and shows a widget in its cell. */
export async function openWidget(page: Page, start: Start): Promise<void> {
  await openPage(page);
  await page.evaluate((how) => window.show(how), start);
}

async function bundleHost(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, "host.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["/widget.js"],
  });
  return outputFiles[0].text;
}
