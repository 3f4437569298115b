/** A stand-in of Colab: outputs in a sandboxed frame of another origin, their widget manager told of the kernel by messages. */
import { expect, test } from "@playwright/test";
import { journey, THEMES } from "./journey.js";
import { endKernels } from "./kernels.js";
import { play } from "./play/play.js";

const FRAME = { origin: "http://outputs.test", headers: {}, handsOn: "buffers" } as const;

test.afterEach(({ page }) => endKernels(page));

for (const theme of THEMES)
  test(`Colab, played, ${theme}`, async ({ page }) => {
    const html = `<!doctype html><html theme="${theme}"><body style="margin:0"><div id="out"></div>`;
    const { explorer, python, asked } = await play(page, { manager: "colab", html, frame: FRAME });
    await journey(page, explorer, theme, python);
    expect(asked).toEqual([]);
  });
