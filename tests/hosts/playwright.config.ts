import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { defineConfig } from "@playwright/test";
import { THEMES } from "./journey.js";
import { addressOf, ENVIRONMENT, HOME, NOTEBOOKS, PORTS } from "./places.js";

process.env.LAB_TOKEN ??= randomUUID(); // inherited by the workers, which read this file again

const PYTHON = join(ENVIRONMENT, "bin/python");
const env = {
  HF_HUB_OFFLINE: "1",
  OMP_NUM_THREADS: "1",
  PYTHONPATH: __dirname,
  XDG_CONFIG_HOME: HOME, // marimo's settings
  MARIMO_SKIP_UPDATE_CHECK: "1",
};
const common = { timeout: 240_000, gracefulShutdown: { signal: "SIGTERM", timeout: 20_000 } as const };

/** A Jupyter server with nobody's settings but its own: JupyterLab and Notebook 7. */
function jupyter(server: "jupyter" | "disabled") {
  const options = `--no-browser --allow-root --ip=127.0.0.1 --port=${PORTS[server]} --log-level=WARN --ServerApp.port_retries=0 --ServerApp.root_dir=${NOTEBOOKS}`;
  const isExposed = "--JupyterNotebookApp.expose_app_in_browser=True --LabApp.expose_app_in_browser=True";
  const [config, settings, workspaces] = ["config", "settings", "workspaces"].map((name) => join(HOME, server, name));
  return {
    ...common,
    command: [
      `mkdir -p ${NOTEBOOKS}`,
      server === "disabled" ? `${PYTHON} -m jupyter labextension disable --level=user headscope` : "true",
      `exec ${PYTHON} -m notebook ${options} ${isExposed}`,
    ].join(" && "),
    url: `${addressOf(server)}/api`,
    env: {
      ...env,
      JUPYTER_TOKEN: process.env.LAB_TOKEN ?? "",
      JUPYTER_CONFIG_DIR: config,
      JUPYTERLAB_SETTINGS_DIR: settings,
      JUPYTERLAB_WORKSPACES_DIR: workspaces,
    },
  };
}

/** One app that runs; a folder of notebooks to edit. */
function marimo(mode: "run" | "edit") {
  const folder = join(HOME, mode);
  const options = `--headless --no-token --host 127.0.0.1 --port ${PORTS[mode]}`;
  return {
    ...common,
    command: [
      `mkdir -p ${folder} ${HOME}/marimo`,
      `cp ${join(__dirname, "marimo.toml")} ${HOME}/marimo`,
      ...THEMES.map((theme) => `cp ${join(__dirname, "marimo_app.py")} ${join(folder, `${theme}.py`)}`),
      `cd ${folder}`,
      `exec ${PYTHON} -m marimo ${mode} ${mode === "run" ? "light.py" : "."} ${options}`,
    ].join(" && "),
    url: `${addressOf(mode)}/health`,
    env,
  };
}

const FIREFOX = {
  browserName: "firefox",
  channel: "moz-firefox", // the system's, over WebDriver BiDi
  launchOptions: { executablePath: process.env.FIREFOX },
} as const;

export default defineConfig({
  testDir: __dirname,
  outputDir: "../../test-results",
  globalSetup: "./setup.ts",
  workers: 1, // one machine, several servers and models
  timeout: 300_000,
  retries: process.env.CI ? 1 : 0,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  webServer: [jupyter("jupyter"), jupyter("disabled"), marimo("run"), marimo("edit")],
  use: { viewport: { width: 1400, height: 1200 }, screenshot: "only-on-failure", actionTimeout: 60_000 },
  projects: [
    {
      name: "chromium",
      use: {
        launchOptions: {
          ...(process.env.CHROMIUM ? { executablePath: process.env.CHROMIUM } : {}),
          args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"],
        },
      },
    },
    { name: "firefox", testMatch: "jupyter.spec.ts", grep: /JupyterLab, (light|dark)$/, use: FIREFOX },
  ],
});
