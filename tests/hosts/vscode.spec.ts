/** VS Code's own widget manager round a real kernel: in a page, and in a frame under the rules of VS Code's webviews. */
import { expect, test } from "@playwright/test";
import { journey, type Theme } from "./journey.js";
import { endKernels } from "./kernels.js";
import { type Host, play } from "./play/play.js";

/** VS Code's themes: ours, background and ink of its editor. */
const THEMES: Record<string, readonly [Theme, string, string]> = {
  "vscode-light": ["light", "#ffffff", "#3b3b3b"],
  "vscode-dark": ["dark", "#1f1f1f", "#cccccc"],
  "vscode-high-contrast": ["dark", "#000000", "#ffffff"],
};

/** No network but for what the extension hands over; modules of text, as anywidget's, are allowed. */
const RULES = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'none'",
].join("; ");
const FRAME = {
  origin: "http://webview.test",
  headers: { "content-security-policy": RULES },
  handsOn: "numbers",
} as const;

function htmlOf(kind: string): string {
  const [, background, ink] = THEMES[kind];
  return `<!doctype html>
<html style="--vscode-editor-background: ${background}; --vscode-editor-foreground: ${ink}">
<style>body { margin: 0; background: ${background} } .white { background: white !important }</style>
<body class="${kind}" data-vscode-theme-kind="${kind}"><div class="white"><div id="out"></div></div>`;
}

function playing(name: string, kind: string, frame?: Host["frame"]): void {
  test(`${name}, ${kind}`, async ({ page }) => {
    const { explorer, python, asked } = await play(page, { manager: "vscode", html: htmlOf(kind), frame });
    await journey(page, explorer, THEMES[kind][0], python);
    expect(asked).toEqual([]);
  });
}

test.afterEach(({ page }) => endKernels(page));

for (const kind of ["vscode-light", "vscode-dark"]) playing("VS Code's widget manager", kind);
for (const kind of Object.keys(THEMES)) playing("VS Code's webview, played", kind, FRAME);
