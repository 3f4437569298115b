/** Takes the pictures of the docs: each view in a cell of a real JupyterLab, in its light and its dark theme. */
import { test } from "@playwright/test";
import { Notebook, prepare, shutDownKernels } from "../../tests/browser/notebook.js";

const PINNED = "layer=9, heads=[2, 3, 4, 8], head=4, query=8, key=4";
/** A view alone is as wide as the text of the docs. */
const ALONE = "layout={'width': '900px'}";

/** The cell that shows a view, and what is written once it is all there. */
const VIEWS = {
  explorer: { code: `hs.Explorer(capture, ${PINNED}, neuron=9)`, drawn: "weight shown" },
  model: { code: `hs.ModelView(capture, layer=9, head=4, ${ALONE})`, drawn: "strongest" },
  head: { code: `hs.HeadView(capture, layer=9, heads=[2, 3, 4, 8], head=4, query=8, ${ALONE})`, drawn: ".47" },
  neuron: { code: `hs.NeuronView(capture, ${PINNED}, ${ALONE})`, drawn: "weight shown" },
};

const CAPTURE = `
from headscope import demo
import headscope as hs
model, tokenizer = demo.smollm2()
capture = hs.capture(model, "The doctor asked the nurse a question. She", tokenizer=tokenizer)`;

test.afterEach(({ page }) => shutDownKernels(page));

test("pictures", async ({ page }) => {
  const cells = Object.fromEntries(Object.entries(VIEWS).map(([cell, { code }]) => [cell, code]));
  prepare("quickstart.ipynb", "pictures.ipynb", { capture: CAPTURE, ...cells });
  const notebook = await Notebook.open(page, "pictures.ipynb");
  await notebook.run("capture");
  for (const theme of ["Light", "Dark"]) {
    await page.evaluate((name) => {
      const { commands } = jupyterapp as unknown as { commands: { execute(id: string, args: object): Promise<void> } };
      return commands.execute("apputils:change-theme", { theme: name });
    }, `JupyterLab ${theme}`);
    await page.locator(`body[data-jp-theme-light="${theme === "Light"}"]`).waitFor({ state: "attached" });
    for (const [cell, { drawn }] of Object.entries(VIEWS)) {
      await notebook.run(cell);
      const view = (await notebook.cell(cell)).locator("section.shell");
      await view.getByText(drawn).first().waitFor({ timeout: 40_000 });
      await page.mouse.move(0, 0);
      await view.screenshot({ path: `docs/pictures/${cell}-${theme.toLowerCase()}.png`, animations: "disabled" });
    }
  }
});
