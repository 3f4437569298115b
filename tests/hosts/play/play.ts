/** Plays a host that cannot be run here, round a real kernel: its pages are answered from here, all else is counted. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, type Frame, type Locator, type Page } from "@playwright/test";
import { build } from "esbuild";
import type { Python, Told } from "../journey.js";
import { addressOf, ENVIRONMENT } from "../places.js";

/** How a host shows outputs. */
export interface Host {
  manager: "vscode" | "colab";
  /** Of the page or frame of outputs: everything before its scripts. */
  html: string;
  /** Where the frame of outputs is from; without one they stand in the page itself. */
  frame?: { origin: string; headers: Record<string, string>; handsOn: "numbers" | "buffers" };
}

export interface Played {
  explorer: Locator;
  python: Python;
  /** All that was asked of anybody else. */
  asked: string[];
}

const JUPYTER = addressOf("jupyter");
const MODULES = join(ENVIRONMENT, "node_modules");
const SCRIPTS =
  '<script src="/require.js"></script><link rel="stylesheet" href="/outputs.css"><script type="module" src="/outputs.js"></script>';

let bundles: Promise<Map<string, string>> | undefined;

/** Starts a kernel and shows the explorer of shown.py. */
export async function play(page: Page, host: Host): Promise<Played> {
  const headers = { Authorization: `token ${process.env.LAB_TOKEN}` };
  const { id }: { id: string } = await (await page.request.post(`${JUPYTER}/api/kernels`, { headers })).json();
  const asked = await answer(page, host);
  await page.context().grantPermissions(["local-network-access"]); // what is answered from here counts as far away
  const outputs = `/play/outputs.html?kernel=${id}&token=${process.env.LAB_TOKEN}&${host.manager}`;
  const { frame } = host;
  const inFrame = `&${frame?.handsOn}&frame=${encodeURIComponent(`${frame?.origin}${outputs}`)}`;
  await page.goto(`${JUPYTER}${frame ? outputs.replace("outputs.html", "notebook.html") + inFrame : outputs}`);
  const place = frame ? await frameOf(page, frame.origin) : page.mainFrame();
  await place.waitForFunction(() => "execute" in window);
  const execute = (code: string) => place.evaluate((asked) => window.execute(asked), code);
  expect(await execute("from shown import explore, told\nview = explore()\nview")).not.toContain("Error");
  const told = async () => JSON.parse(await execute("print(told(view))")) as Told;
  const explorer = place.getByRole("region", { name: "Explorer" });
  return { explorer, python: { told, select: () => execute("view.select(query=2)") }, asked };
}

async function frameOf(page: Page, origin: string): Promise<Frame> {
  await expect.poll(() => page.frames().some((one) => one.url().startsWith(origin))).toBe(true);
  return page.frames().find((one) => one.url().startsWith(origin)) ?? page.mainFrame();
}

/** Answers for the pages of the host; returns the list of all other requests. */
async function answer(page: Page, { html, frame }: Host): Promise<string[]> {
  bundles ??= bundle();
  const made = await bundles;
  const ours: Record<string, () => string | Promise<string>> = {
    "/play/notebook.html": () =>
      '<!doctype html><body style="margin:0"><script type="module" src="/relay.js"></script>',
    "/play/outputs.html": () => html + SCRIPTS,
    "/require.js": () => readFile(join(MODULES, "requirejs/require.js"), "utf8"),
    "/ipywidgets.js": () => readFile(join(MODULES, "@vscode/jupyter-ipywidgets8/dist/ipywidgets.js"), "utf8"),
    "/nbextensions/anywidget/index.js": () =>
      readFile(join(ENVIRONMENT, "share/jupyter/nbextensions/anywidget/index.js"), "utf8"),
  };
  const asked: string[] = [];
  await page.route("**", async (route) => {
    const { origin, pathname } = new URL(route.request().url());
    const read = ours[pathname] ?? (made.has(pathname) ? () => made.get(pathname) ?? "" : undefined);
    if (read === undefined || (origin !== JUPYTER && origin !== frame?.origin)) {
      asked.push(route.request().url());
      return route.abort();
    }
    const headers = { "content-type": typeOf(pathname), ...(origin === frame?.origin ? frame.headers : {}) };
    return route.fulfill({ headers, body: await read() });
  });
  return asked;
}

function typeOf(pathname: string): string {
  const type = pathname.endsWith(".html") ? "html" : pathname.endsWith(".css") ? "css" : "javascript";
  return `text/${type}; charset=utf-8`;
}

/** The scripts of the pages, by their paths. */
async function bundle(): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: ["outputs.ts", "relay.ts"].map((name) => join(__dirname, name)),
    bundle: true,
    write: false,
    outdir: "/",
    format: "esm",
    nodePaths: [MODULES],
    external: ["/ipywidgets.js"],
    alias: { path: "path-browserify" },
    define: {
      "process.env": "{}",
      global: "globalThis",
      "define.amd": "false", // requirejs is on the page
      __webpack_public_path__: "globalThis.publicPath",
    },
    loader: { ".svg": "dataurl", ".woff": "dataurl", ".woff2": "dataurl", ".ttf": "dataurl", ".eot": "dataurl" },
    logLevel: "error",
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}
