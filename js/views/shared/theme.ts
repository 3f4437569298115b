import { luminanceOf } from "./palette.js";

export type Theme = "light" | "dark";

/** Whose variables name colours and fonts. Widgets bring JupyterLab's along to every host, so that these tell nothing. */
export type Host = "jupyter" | "vscode" | "other";

export interface Look {
  theme: Theme;
  host: Host;
  /** Whether the colours of the host fit the theme, so that they are used before our own. */
  asHost: boolean;
}

/** A background darker than this reads better under white than under black text. */
const MIDDLE_LUMINANCE = 0.18;
const STATED = [
  "class",
  "style",
  "theme",
  "data-theme",
  "data-jp-theme-light",
  "data-vscode-theme-kind",
  "data-headscope-theme",
];

/**
 * Decides between light and dark.
 *
 * @param at What the view stands in.
 * @param wanted The trait: "auto" follows the host, or what its settings say of us (js/lab/settings.ts).
 */
export function lookOf(at: Element, wanted: Theme | "auto"): Look {
  const host = hostOf();
  const theme = THEMES[host](at);
  const said = wanted === "auto" ? document.documentElement.dataset.headscopeTheme : wanted;
  const chosen = said === "light" || said === "dark" ? said : theme;
  return { host, theme: chosen, asHost: chosen === theme };
}

/** Calls whenever the host may have changed its theme. */
export function watchTheme(changed: () => void, until: AbortSignal): void {
  const observer = new MutationObserver(changed);
  for (const element of [document.documentElement, document.body])
    observer.observe(element, { attributeFilter: STATED });
  until.addEventListener("abort", () => observer.disconnect());
  prefersDark().addEventListener("change", changed, { signal: until });
}

function hostOf(): Host {
  if (vscodeTheme() !== undefined) return "vscode";
  return document.body.dataset.jpThemeLight === undefined ? "other" : "jupyter";
}

const THEMES: Record<Host, (at: Element) => Theme> = {
  vscode: () => vscodeTheme() ?? "light",
  jupyter: () => (document.body.dataset.jpThemeLight === "false" ? "dark" : "light"),
  other: (at) => statedTheme() ?? measuredTheme(at) ?? preferredTheme(),
};

/** By the names that VS Code gives to the page of a webview; high contrast is dark unless it says light. */
function vscodeTheme(): Theme | undefined {
  const { documentElement, body } = document;
  const names = [body, documentElement].flatMap((one) => [one.dataset.vscodeThemeKind, one.className]).join(" ");
  if (/\bvscode-(high-contrast-)?light\b/.test(names)) return "light";
  return /\bvscode-(dark|high-contrast)\b/.test(names) ? "dark" : undefined;
}

/** What a page says of itself: Colab by an attribute, others, marimo among them, by the one scheme that they are in. */
function statedTheme(): Theme | undefined {
  const { documentElement } = document;
  const stated = [documentElement.getAttribute("theme"), getComputedStyle(documentElement).colorScheme];
  return stated.find((theme): theme is Theme => theme === "light" || theme === "dark");
}

function measuredTheme(at: Element): Theme | undefined {
  const luminance = backgroundLuminance(at);
  return luminance === null ? undefined : luminance < MIDDLE_LUMINANCE ? "dark" : "light";
}

/** Of a page that has both; one that says nothing is white. */
function preferredTheme(): Theme {
  const isEither = getComputedStyle(document.documentElement).colorScheme.includes("dark");
  return isEither && prefersDark().matches ? "dark" : "light";
}

/** Of the nearest opaque background behind an element, across shadow roots; null where there is none. */
function backgroundLuminance(element: Element): number | null {
  for (let at: Element | null = element; at !== null; at = parentOf(at)) {
    const [red, green, blue, alpha] = channels(getComputedStyle(at).backgroundColor);
    if (alpha > 0.5) return luminanceOf([red, green, blue]);
  }
  return null;
}

function parentOf(element: Element): Element | null {
  const root = element.getRootNode();
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

/** Red, green and blue of a colour, 0 to 255, and its alpha, 0 to 1: in whatever form a browser states it, by its own reading. */
export function channels(colour: string): number[] {
  const [red, green, blue, alpha] = (colour.match(/^rgba?\(([^)]*)\)$/)?.[1] ?? "").split(",").map(Number);
  if (blue !== undefined) return [red, green, blue, alpha ?? 1];
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const bytes = context.getImageData(0, 0, 1, 1).data;
  return [bytes[0], bytes[1], bytes[2], bytes[3] / 255];
}

function prefersDark(): MediaQueryList {
  return matchMedia("(prefers-color-scheme: dark)");
}
