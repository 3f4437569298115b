import { luminanceOf } from "./palette.js";

export type Theme = "light" | "dark";

export interface Look {
  theme: Theme;
  /** Whether the colours of the host fit the theme, so that they are used before our own. */
  asHost: boolean;
}

/** A background darker than this reads better under white than under black text. */
const MIDDLE_LUMINANCE = 0.18;
/** VS Code forces the outputs of widgets to be white, whatever its theme. */
const VSCODE_OUTPUT = "cell-output-ipywidget-background";
const OBSERVED = {
  attributes: true,
  attributeFilter: ["class", "style", "theme", "data-theme", "data-jp-theme-light"],
};

/**
 * Decides between light and dark.
 *
 * @param probe An element of ours whose background is the host's variable, or transparent where the host has none.
 * @param wanted The trait: "auto" follows the host.
 */
export function lookOf(probe: HTMLElement, wanted: Theme | "auto"): Look {
  const host = hostTheme(probe);
  return wanted === "auto" ? { theme: host, asHost: true } : { theme: wanted, asHost: wanted === host };
}

/** Calls whenever the host may have changed its theme. */
export function watchTheme(changed: () => void, until: AbortSignal): void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, OBSERVED);
  observer.observe(document.body, {
    ...OBSERVED,
    attributeFilter: [...OBSERVED.attributeFilter, "data-vscode-theme-kind"],
  });
  until.addEventListener("abort", () => observer.disconnect());
  prefersDark().addEventListener("change", changed, { signal: until });
}

function hostTheme(probe: HTMLElement): Theme {
  const kind = document.body.dataset.vscodeThemeKind;
  if (kind !== undefined) return kind.endsWith("light") ? "light" : "dark";
  const luminance = backgroundLuminance(probe);
  if (luminance !== null) return luminance < MIDDLE_LUMINANCE ? "dark" : "light";
  const schemes = getComputedStyle(document.documentElement).colorScheme;
  return schemes.includes("dark") && prefersDark().matches ? "dark" : "light";
}

/** Of the nearest opaque background behind an element, across shadow roots; null where there is none. */
function backgroundLuminance(element: HTMLElement): number | null {
  for (let at: Element | null = element; at !== null; at = parentOf(at)) {
    if (at.classList.contains(VSCODE_OUTPUT)) continue;
    const [red, green, blue, alpha = 1] = channels(getComputedStyle(at).backgroundColor);
    if (alpha > 0.5) return luminanceOf([red, green, blue]);
  }
  return null;
}

function parentOf(element: Element): Element | null {
  const root = element.getRootNode();
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

/** Reads "rgb(…)", "rgba(…)" and "color(srgb …)", the forms in which a browser states a background. */
export function channels(colour: string): number[] {
  const numbers = (colour.replace("srgb", "").match(/[\d.]+/g) ?? ["0", "0", "0", "0"]).map(Number);
  return colour.startsWith("color")
    ? [...numbers.slice(0, 3).map((share) => share * 255), ...numbers.slice(3)]
    : numbers;
}

function prefersDark(): MediaQueryList {
  return matchMedia("(prefers-color-scheme: dark)");
}
