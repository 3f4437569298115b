import { defineConfig } from "@playwright/test";

/** Browsers are started by the measurement itself, a new one for every page. */
export default defineConfig({ testDir: __dirname, timeout: 3_600_000, workers: 1, reporter: [["list"]] });
