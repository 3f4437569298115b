/** A model that sees, and a model that writes, in a real JupyterLab. */
import { expect, test } from "@playwright/test";
import { exact } from "../../js/views/shared/format.js";
import { Notebook, prepare, shutDownKernels } from "./notebook.js";
import { Sights } from "./page/sights.js";

/** A tiny vision transformer of random weights, peaked so that its maps are no even grey. */
const SEES = `
import json
import torch
from transformers import ViTConfig, ViTModel
import headscope as hs

torch.manual_seed(0)
config = ViTConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=64, patch_size=8)
model = ViTModel(config).eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        if name.endswith(("q_proj.weight", "k_proj.weight", "query.weight", "key.weight")):
            parameter.mul_(30)
row = torch.linspace(0, 1, 64)
pixels = torch.stack([row.expand(64, 64), row.flip(0)[:, None].expand(64, 64), (row[:, None] * row).sqrt()])[None]
view = hs.HeadView(hs.capture(model, {"pixel_values": pixels}))
view.select(layer=1, heads=[2])
view`;

const WRITES = `
import json
import torch
import headscope as hs
from headscope import demo

model, tokenizer = demo.smollm2()
view = hs.explore(model, "The doctor asked the nurse", tokenizer=tokenizer, generate={"max_new_tokens": 6, "do_sample": False})
view`;

test.afterEach(async ({ page }) => {
  await shutDownKernels(page);
});

test("a patch that is clicked is the query in Python, and the weight told of a pair is the model's own", async ({
  page,
}) => {
  prepare("quickstart.ipynb", "vision.ipynb", { sees: SEES });
  const notebook = await Notebook.open(page, "vision.ipynb");
  await notebook.run("sees");
  const sights = new Sights(page, await notebook.headView("sees"));
  await expect(sights.piece("query", 0)).toHaveText("[CLS]");
  await sights.click("query", 5.5 / 8, 2.5 / 8);
  const query = 1 + 2 * 8 + 5;
  await expect.poll(() => notebook.ask<number>("print(json.dumps(view.query))")).toBe(query);
  expect(await notebook.ask<string[]>("print(json.dumps(list(view.selected.query_tokens)))")).toEqual(["patch 2,5"]);

  const own = await notebook.ask<number[]>(`
model.set_attn_implementation("eager")
with torch.no_grad():
    maps = model(pixel_values=pixels, output_attentions=True).attentions
print(json.dumps(maps[1][0, 2, view.query].tolist()))`);
  const best = own.indexOf(Math.max(...own.slice(1)));
  expect(own[best]).toBeGreaterThan(0.1); // the maps are no even grey
  const at = (patch: number) => [(((patch - 1) % 8) + 0.5) / 8, (Math.floor((patch - 1) / 8) + 0.5) / 8] as const;
  await sights.pointAt("key", ...at(best));
  await expect
    .poll(() => sights.tips())
    .toEqual([
      `patch ${Math.floor((best - 1) / 8)},${(best - 1) % 8}, position ${best}`,
      `head 2: ${exact(own[best])}`,
    ]);
  await notebook.ask("view.select(query=None, key=0); print(1)");
  await expect(sights.piece("key", 0)).toHaveAttribute("aria-selected", "true");
  await expect(sights.root.locator(".heat-legend")).toContainText("weight, head 2");
});

test("the slider pins the row that wrote a token of SmolLM2", async ({ page }) => {
  await page.setViewportSize({ width: 1500, height: 1200 });
  prepare("quickstart.ipynb", "writing.ipynb", { writes: WRITES });
  const notebook = await Notebook.open(page, "writing.ipynb");
  await notebook.run("writes");
  const explorer = await notebook.view("writes", "Explorer");
  const { generated, written } = await notebook.ask<{ generated: number; written: string[] }>(`
tokens = view.capture.tokens()
print(json.dumps({"generated": tokens.generated, "written": list(tokens.texts[tokens.generated:])}))`);
  expect(written).toHaveLength(6);
  await explorer.getByRole("button", { name: "Next step" }).click();
  await explorer.getByRole("button", { name: "Next step" }).click();
  await expect.poll(() => notebook.ask<number>("print(json.dumps(view.query))")).toBe(generated);
  await expect(explorer.locator(".steps")).toContainText(`2 of 6: wrote ${written[1].trim()}`);
  const next = await notebook.ask<string>(`
ids = torch.tensor([list(tokens.ids)])
print(json.dumps(tokenizer.decode(model(input_ids=ids).logits[0, view.query].argmax())))`);
  expect(next).toBe(written[1]);
  await notebook.ask(`view.select(query=${generated + 3}); print(1)`);
  await expect(explorer.getByRole("slider", { name: "Step of the generation" })).toHaveValue("5");
});
