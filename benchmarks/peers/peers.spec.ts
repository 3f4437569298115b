/**
 * The same attention through headscope, BertViz, Inspectus and CircuitsVis in one run. Writes docs/benchmarks.md.
 * ROUNDS says how often the lengths are measured that the promises are about; SIZES and ONLY (names of tools) narrow it,
 * and then the page is left in build/bench.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, test } from "@playwright/test";
import type { Long } from "../long.js";
import { type Measured, measure } from "./measure.js";
import { type Made, type Result, report } from "./report.js";
import { Pages } from "./server.js";
import { TOOLS, type Tool } from "./tools.js";

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SIZES = (process.env.SIZES ?? "16,32,64,128,256,512").split(",").map(Number);
const ONLY = process.env.ONLY?.split(",") ?? TOOLS.map(({ name }) => name);
const ROOT = join(__dirname, "../..");
const HERE = "benchmarks/peers";
const FOLDER = join(ROOT, "build/bench");
/** What the promises are about is measured in every round, the rest in the first. */
const PROMISED = (tool: Tool, size: number) =>
  size === 128 ? tool.name !== "CircuitsVis" : size === 512 && /headscope|Inspectus/.test(tool.name);
/** So much is known of BERT, whose attention is not causal: every weight counts. */
const BERT = { sizes: [128, 512], tools: /headscope|Inspectus/ };

test("peers", async () => {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "empty.html"), "<!doctype html><meta charset='utf-8'><title>empty</title>");
  const pages = new Pages(FOLDER, join(ROOT, "build/peers/node_modules"));
  await pages.start();
  const results: Result[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of SIZES) {
      for (const model of ["gpt2", "bert"] as const) {
        const tools = turned(TOOLS, round).filter(
          (tool) =>
            ONLY.includes(tool.name) &&
            tool.sizes.includes(size) &&
            (round === 0 || PROMISED(tool, size)) &&
            (model === "gpt2" || (round === 0 && BERT.sizes.includes(size) && BERT.tools.test(tool.name))) &&
            !results.some((one) => one.tool === tool.name && one.view === tool.view && one.broke && one.size < size),
        );
        if (tools.length === 0) continue;
        const text = `${model}-${size}.pt`;
        python(".venv/bin/python", "text.py", model, String(size), join(FOLDER, text));
        for (const tool of tools) {
          const result = { model, size, round, tool: tool.name, view: tool.view, ...(await both(tool, text, pages)) };
          results.push(result);
          console.log(JSON.stringify(result));
          writeFileSync(join(FOLDER, "results.json"), JSON.stringify(results));
        }
      }
    }
  }
  pages.stop();
  const browser = await chromium.launch(process.env.CHROMIUM ? { executablePath: process.env.CHROMIUM } : {});
  const versions = { ...JSON.parse(python("build/peers/bin/python", "versions.py")), Chromium: browser.version() };
  await browser.close();
  const isWhole = process.env.SIZES === undefined && process.env.ONLY === undefined;
  const page = isWhole ? join(ROOT, "docs/benchmarks.md") : join(FOLDER, "benchmarks.md");
  writeFileSync(page, report(results, longTexts(), versions, ROUNDS));
});

/** What benchmarks/long.spec.ts left. */
function longTexts(): Long[] {
  const file = join(FOLDER, "long.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
}

/** Makes the page of a tool and visits it. */
async function both(tool: Tool, text: string, pages: Pages): Promise<Made & Measured> {
  const page = `${tool.name}-${tool.view}-${text.replace(".pt", ".html")}`;
  let made: Made;
  try {
    made = JSON.parse(python(tool.python, tool.maker, tool.view, join(FOLDER, text), join(FOLDER, page)));
  } catch (error) {
    return { broke: `making the page: ${(error as Error).message.split("\n").at(-2)}` };
  }
  return { ...made, ...(await measure(tool, pages, page, join(FOLDER, page.replace(".html", ".png")))) };
}

function python(interpreter: string, ...args: string[]): string {
  const [script, ...rest] = args;
  return execFileSync(join(ROOT, interpreter), [join(ROOT, HERE, script), ...rest], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function turned<T>(all: readonly T[], by: number): T[] {
  return all.map((_, at) => all[(at + by) % all.length]);
}
