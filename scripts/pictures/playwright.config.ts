/** `make pictures`: the pictures of the docs, taken in the JupyterLab of the tests. */
import { defineConfig } from "@playwright/test";
import tests from "../../playwright.config.js";

export default defineConfig({
  ...tests,
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../../test-results",
  webServer: tests.webServer && { ...tests.webServer, cwd: process.cwd() },
  use: { ...tests.use, viewport: { width: 1530, height: 1400 }, deviceScaleFactor: 1.25 },
});
