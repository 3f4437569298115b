import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { HEADSCOPE_VERSION: '"test"' },
  test: {
    include: ["tests/js/**/*.test.ts", "tests/js/**/*.test.tsx"],
    testTimeout: 30_000,
  },
});
