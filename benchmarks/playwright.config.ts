import { join } from "node:path";
import base from "../playwright.config.js";

/** The browser tests' JupyterLab and Chromium, with measurements in place of tests. */
export default {
  ...base,
  testDir: __dirname,
  testIgnore: "peers/**", // these need no JupyterLab
  outputDir: join(__dirname, "../test-results"),
  timeout: 1_800_000,
  retries: 0,
  webServer: { ...base.webServer, cwd: join(__dirname, "..") },
};
