/** The head view when something is not as it should be: a busy kernel, refusals, NaN, tokens that look like code. */
import { expect, test } from "@playwright/test";
import { short } from "../../js/views/shared/format.js";
import { causal, open, reference } from "./page/reference.js";

const sentence = reference("sentence");
const trouble = reference("trouble");

test.describe("a kernel that does not answer", () => {
  test("shows as busy, first by a line and then in words; the tokens are there at once", async ({ page }) => {
    const view = await open(page, "sentence", { withFirst: false, manners: "silent" });
    await expect(view.token("key", 4)).toBeVisible();
    await expect(view.root.getByRole("progressbar", { name: "Loading the layer" })).toBeVisible();
    await expect(view.root).toContainText("kernel is busy; the picture comes when the running cell ends");
    await view.expectLines(0);
  });

  test("leaves the picture before, faded, and the controls in use", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { heads: [4], head: 4, query: 8 } });
    await page.evaluate(() => {
      window.host.kernel.manners = "silent";
    });
    await view.root.getByRole("button", { name: "Next layer" }).click();
    await expect(view.root.locator(".body")).toHaveCSS("opacity", "0.4");
    await view.expectNumbers("key", causal(sentence.weights(0, 4)[8], 8));
    await view.head(5).click();
    await view.expectLastStep({ heads: [4, 5], head: 5 });
    await page.evaluate(() => window.host.kernel.wake());
    await view.expectNumbers("key", causal(sentence.weights(1, 5)[8], 8));
    await expect(view.root.locator(".body")).toHaveCSS("opacity", "1");
    await expect(view.root.getByRole("progressbar")).toBeHidden();
  });

  test("leaves the picture before with the head before: never a head of the new layer in the old one", async ({
    page,
  }) => {
    const view = await open(page, "sentence", { traits: { heads: [4], head: 4, query: 8 } });
    await page.evaluate(() => {
      window.host.kernel.manners = "silent";
    });
    await view.push({ layer: 1, heads: [5], head: 5 });
    await expect(view.head(5)).toHaveAttribute("aria-pressed", "true");
    await expect(view.root.locator(".body")).toHaveCSS("opacity", "0.4");
    await view.expectNumbers("key", causal(sentence.weights(0, 4)[8], 8));
    await expect(view.root.locator(".whose")).toHaveText("head 4");
    await page.evaluate(() => window.host.kernel.wake());
    await view.expectNumbers("key", causal(sentence.weights(1, 5)[8], 8));
    await expect(view.root.locator(".whose")).toHaveText("head 5");
  });

  test("is told when its answer is no longer wanted", async ({ page }) => {
    const view = await open(page, "sentence");
    await page.evaluate(() => {
      window.host.kernel.manners = "silent";
    });
    const next = view.root.getByRole("button", { name: "Next layer" });
    await next.click();
    await next.click();
    const sent = () => page.evaluate(() => window.host.kernel.received.map(({ kind }) => kind));
    await expect.poll(sent).toEqual(["request", "cancel", "request"]);
    const ids = await page.evaluate(() => window.host.kernel.received.map(({ id }) => id));
    expect(ids[1]).toBe(ids[0]);
    await page.evaluate(() => window.host.kernel.wake());
    await expect(view.root.getByLabel("Layer", { exact: true })).toHaveValue("2");
    await view.token("query", 8).hover();
    await view.expectNumbers("key", causal(sentence.weights(2, 0)[8], 8));
  });
});

test.describe("an answer that is an error", () => {
  test("stands where the picture would be, as text; the controls lead out of it", async ({ page }) => {
    const view = await open(page, "sentence", { traits: { query: 8 } });
    await page.evaluate(() => {
      window.host.kernel.manners = "failing";
    });
    await view.root.getByRole("button", { name: "Next layer" }).click();
    await expect(view.root.getByRole("alert")).toHaveText("layer 1 cannot be computed: <b>no</b> such mechanism");
    await view.root.getByRole("button", { name: "Previous layer" }).click();
    await expect(view.root.getByRole("alert")).toBeHidden();
    await view.expectNumbers("key", causal(sentence.weights(0, 0)[8], 8));
  });

  test("of another version says to restart or reload", async ({ page }) => {
    const view = await open(page, "sentence");
    await page.evaluate(() => {
      window.host.kernel.manners = "other version";
    });
    await view.root.getByRole("button", { name: "Next layer" }).click();
    await expect(view.root.getByRole("alert")).toContainText("Restart the kernel or reload the page.");
  });

  test("on Python's side is shown in the cell", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.push({ error: "this capture was closed. Capture again." });
    await expect(view.root.getByRole("alert")).toHaveText("this capture was closed. Capture again.");
  });
});

test("an exception in the browser is shown in the cell, with its stack folded away", async ({ page }) => {
  const view = await open(page, "sentence");
  await view.push({ layer: 99 });
  const box = view.root.getByRole("alert").first();
  await expect(box).toContainText('headscope stumbled: unknown layer 99 of part "self"');
  await expect(box.locator("pre")).toBeHidden();
  await box.getByText("where").click();
  await expect(box.locator("pre")).toContainText("Error");
  await view.push({ layer: 0, query: 8 });
  await view.expectNumbers("key", causal(sentence.weights(0, 0)[8], 8));
});

test("an exception while drawing is shown in the cell, and the view goes on", async ({ page }) => {
  const view = await open(page, "sentence");
  await page.evaluate(() => {
    const prototype = CanvasRenderingContext2D.prototype;
    const { stroke } = prototype;
    prototype.stroke = () => {
      prototype.stroke = stroke;
      throw new Error("out of paint");
    };
  });
  await view.token("query", 3).hover();
  await expect(view.root.getByRole("alert")).toContainText("headscope stumbled: out of paint");
  await view.root.getByRole("button", { name: "dismiss" }).click();
  await expect(view.root.getByRole("alert")).toBeHidden();
  await view.token("query", 8).hover();
  await expect.poll(() => view.ink("query", 8)).toBeGreaterThan(100);
});

test("a widget without its data says so in the cell", async ({ page }) => {
  await open(page, "sentence");
  await page.evaluate(() => {
    window.host.close();
    window.host.model.push({ meta: { v: 2 } });
    window.host.render(document.body);
  });
  await expect(page.getByRole("alert")).toContainText("Restart the kernel or reload the page.");
});

test.describe("a refused layer", () => {
  test("says why where the picture would be, and is never asked for", async ({ page }) => {
    const view = await open(page, "trouble", { traits: { layer: 3 }, withFirst: true });
    await view.root.getByLabel("Layer", { exact: true }).selectOption("2 (refused)");
    await view.expectLastStep({ layer: 2, heads: [], head: null });
    const why = "LlamaAttention (model.layers.2) adds a bias that was not recorded.";
    await expect(view.root.getByRole("alert")).toHaveText(why);
    await expect(view.root).toContainText("layer 2: refused");
    expect(await page.evaluate(() => window.host.kernel.received.length)).toBe(0);
    await view.root.getByRole("button", { name: "Next layer" }).click();
    await view.expectLastStep({ layer: 3, heads: [0, 1, 2, 3, 4, 5, 6, 7, 8], head: 0 });
    await expect(view.root.getByRole("alert")).toBeHidden();
  });
});

test.describe("weights that are not finite", () => {
  test("are named, marked beside the token and written as NaN", async ({ page }) => {
    const view = await open(page, "trouble", { traits: { layer: 1, heads: [0, 1], head: 0 } });
    await expect(view.root).toContainText(
      "Layer 1 holds numbers that are not finite: query: model.layers.1.q_proj.weight",
    );
    await expect(view.root).toContainText("not finite, not certified");
    await expect(view.root).not.toContainText("exact, certified");
    await expect(view.token("query", 8).locator(".number")).toHaveText("NaN");
    await expect(view.token("query", 7).locator(".number")).toHaveText("");
    await view.token("query", 8).hover();
    await view.expectNumbers("key", [...Array(9).fill("NaN"), "", "", ""]);
    await expect.poll(async () => (await view.tips())[0]).toBe("head 0: NaN");
    await view.token("query", 7).hover();
    await view.expectNumbers("key", causal(trouble.weights(1, 0)[7], 7));
  });
});

test("a remark on a layer stands over its picture", async ({ page }) => {
  const view = await open(page, "trouble");
  await expect(view.root).not.toContainText("the model's own function");
  await view.push({ layer: 3 });
  await expect(view.root).toContainText("Weights by the model's own function.");
});

test("a layer whose weights come as they are looks like any other", async ({ page }) => {
  const view = await open(page, "trouble", { traits: { layer: 3, heads: [4], head: 4, query: 8 } });
  await view.expectNumbers("key", causal(trouble.weights(3, 4)[8], 8));
  await expect(view.token("key", 9)).toHaveClass(/faint/);
});

test.describe("tokens", () => {
  test("that look like code are text", async ({ page }) => {
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      return dialog.dismiss();
    });
    const view = await open(page, "odd", { traits: { query: 0 } });
    for (const side of ["query", "key"] as const) {
      await expect(view.token(side, 0)).toContainText("<script>alert(1)</script>");
      await expect(view.token(side, 1)).toContainText("<img·src=x·onerror=alert(2)>");
      await expect(view.token(side, 9)).toContainText("&amp;");
    }
    await view.token("query", 1).hover();
    await expect(view.tooltip).toContainText("<");
    await expect(view.root).toContainText("of the weight from <script>alert(1)</script>");
    await expect(view.root.locator("script, img")).toHaveCount(0);
    expect(dialogs).toEqual([]);
  });

  test("written from right to left stay by themselves", async ({ page }) => {
    const view = await open(page, "odd");
    const text = view.token("key", 2).locator("bdi");
    await expect(text).toHaveAttribute("dir", "auto");
    await expect(text).toHaveCSS("direction", "rtl");
    await expect(text).toHaveCSS("unicode-bidi", "isolate");
    await expect(view.token("key", 7).locator("bdi")).toHaveCSS("direction", "ltr");
  });

  test("show their spaces and bytes", async ({ page }) => {
    const view = await open(page, "odd");
    await expect(view.token("key", 4)).toHaveText("⏎");
    await expect(view.token("key", 5)).toHaveText("·");
    await expect(view.token("key", 6)).toHaveText("⟨E2⟩⟨80⟩");
  });

  test("that are too long for their column are cut there, and whole in their name", async ({ page }) => {
    const view = await open(page, "odd", { traits: { heads: [0], head: 0, query: 8 } });
    const weight = short(reference("odd").weights(0, 0)[8][8]);
    await expect(view.token("key", 8)).toHaveAccessibleName(
      `donaudampfschifffahrtsgesellschaft, position 8, head 0 weight ${weight}`,
    );
    const width = await view
      .token("key", 8)
      .locator(".token")
      .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    expect(width).toBeGreaterThan(0);
  });
});
