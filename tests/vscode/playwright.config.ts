import { resolve } from "node:path";
import { defineConfig } from "@playwright/test";

const PORT = Number(process.env.LAB_PORT ?? 8878);

/** A VS Code of its own, with nobody's settings, and our extension as it is packaged. */
const HOME = "build/vscode-home";
const arguments_ = `--user-data-dir ${HOME}/user --extensions-dir ${HOME}/extensions --config ${HOME}/config.yaml`;
const start = [
  `rm -rf ${HOME}`,
  `mkdir -p ${HOME}/user/User`,
  `touch ${HOME}/config.yaml`,
  `.venv/bin/python tests/vscode/captures.py ${HOME}/captures ${HOME}/numbers.json`,
  'export PATH="$PWD/build/code-server/bin:$PATH"',
  `CODE=build/code-server/node_modules/.bin/code-server`,
  `"$CODE" ${arguments_} --install-extension dist/headscope.vsix`,
  `exec "$CODE" ${arguments_} --auth none --bind-addr 127.0.0.1:${PORT} --disable-telemetry --disable-update-check --disable-workspace-trust --disable-getting-started-override ${HOME}/captures`,
].join(" && ");

export default defineConfig({
  testDir: ".",
  outputDir: "../../test-results",
  workers: 1,
  timeout: 300_000,
  retries: process.env.CI ? 1 : 0,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  webServer: {
    command: start,
    cwd: resolve(__dirname, "../.."),
    url: `http://127.0.0.1:${PORT}/healthz`,
    timeout: 300_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 20_000 },
    env: { HF_HUB_OFFLINE: "1", OMP_NUM_THREADS: "1" },
  },
  use: {
    baseURL: `http://127.0.0.1:${PORT}`,
    viewport: { width: 1500, height: 1000 },
    screenshot: "only-on-failure",
    launchOptions: {
      ...(process.env.CHROMIUM ? { executablePath: process.env.CHROMIUM } : {}),
      args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"],
    },
  },
});
