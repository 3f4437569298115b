import { randomUUID } from "node:crypto";
import { defineConfig } from "@playwright/test";

const PORT = Number(process.env.LAB_PORT ?? 8877);
process.env.LAB_TOKEN ??= randomUUID(); // inherited by the workers, which read this file again

// A JupyterLab of its own: on copies of the notebooks, with nobody's settings.
const HOME = "build/browser";
const start = [
  `rm -rf ${HOME}`,
  `mkdir -p ${HOME}/notebooks`,
  `cp examples/*.ipynb ${HOME}/notebooks`,
  `exec .venv/bin/python -m jupyterlab --no-browser --allow-root --ip=127.0.0.1 --port=${PORT} --log-level=WARN --ServerApp.port_retries=0 --LabApp.expose_app_in_browser=True --ServerApp.root_dir=${HOME}/notebooks`,
].join(" && ");

export default defineConfig({
  testDir: "tests/browser",
  outputDir: "test-results",
  fullyParallel: false,
  workers: 1, // one JupyterLab, two cores
  timeout: 300_000,
  retries: process.env.CI ? 1 : 0, // shared machines stall for minutes at times; a second try is reported as flaky
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  webServer: {
    command: start,
    url: `http://127.0.0.1:${PORT}/api`,
    timeout: 180_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 20_000 }, // so that the kernels end too
    env: {
      JUPYTER_TOKEN: process.env.LAB_TOKEN,
      JUPYTER_CONFIG_DIR: `${HOME}/config`,
      JUPYTERLAB_SETTINGS_DIR: `${HOME}/settings`,
      JUPYTERLAB_WORKSPACES_DIR: `${HOME}/workspaces`,
    },
  },
  use: {
    baseURL: `http://127.0.0.1:${PORT}`,
    viewport: { width: 1400, height: 1000 },
    screenshot: "only-on-failure",
    launchOptions: {
      // `make test-browser` finds the browser; the flags are those that a container needs.
      ...(process.env.CHROMIUM ? { executablePath: process.env.CHROMIUM } : {}),
      args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"],
    },
  },
});
