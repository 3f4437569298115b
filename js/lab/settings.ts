/** What a person sets in JupyterLab's settings editor (schema/settings.json). */
import type { ISettingRegistry, Setting } from "@jupyterlab/settingregistry";
import type { Kind } from "../views/shared/frame_state.js";

export const SETTINGS = "headscope:settings";

const KINDS: Record<string, Kind> = { all: "explorer", model: "model", head: "head", neuron: "neuron" };

/** The settings as they are now; their defaults where JupyterLab keeps none, or what it keeps does not fit its schema. */
export class Preferences {
  /** What a capture that was opened from a file is shown as. */
  kind: Kind = "explorer";
  /** Bytes of layers that it keeps. */
  layersBytes = 256 << 20;
  /** Settles once they have been read, or turned out not to be there. */
  readonly ready: Promise<void>;
  #settle = (): void => {};
  readonly #listeners = new Set<() => void>();

  constructor() {
    this.ready = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Follows what a registry keeps, if there is one. */
  async follow(registry: ISettingRegistry | null): Promise<void> {
    try {
      const setting = await registry?.load(SETTINGS);
      setting?.changed.connect(() => this.#take(setting));
      if (setting) this.#take(setting);
    } catch (thrown) {
      console.warn("headscope: its settings cannot be read; their defaults stand.", thrown);
    }
    this.#settle();
  }

  onChange(act: () => void, until: AbortSignal): void {
    if (until.aborted) return;
    this.#listeners.add(act);
    until.addEventListener("abort", () => this.#listeners.delete(act));
  }

  #take(setting: Setting): void {
    this.kind = KINDS[String(setting.composite.scale)] ?? "explorer";
    this.layersBytes = Number(setting.composite.memory) * 2 ** 20;
    sayTheme(String(setting.composite.theme));
    for (const act of [...this.#listeners]) act();
  }
}

/** Tells every view on the page, whichever bundle draws it (js/views/shared/theme.ts). */
function sayTheme(theme: string): void {
  const { dataset } = document.documentElement;
  if (theme === "light" || theme === "dark") dataset.headscopeTheme = theme;
  else delete dataset.headscopeTheme;
}
