import { defineConfig } from "@playwright/test";

// `make test-browser` finds the browser; the flags are those that a container needs.
const executablePath = process.env.CHROMIUM;

export default defineConfig({
  testDir: "tests/browser",
  outputDir: "test-results",
  fullyParallel: false,
  workers: 1, // one JupyterLab, two cores
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  use: {
    viewport: { width: 1400, height: 1000 },
    screenshot: "only-on-failure",
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"],
    },
  },
});
