/** What a person sets in JupyterLab, and who hears of it. */
import type { ISettingRegistry, Setting } from "@jupyterlab/settingregistry";
import { beforeEach, expect, it, vi } from "vitest";
import { Preferences } from "../../js/lab/settings.js";

beforeEach(() => void vi.stubGlobal("document", { documentElement: { dataset: {} } }));

/** Settings that change when they are told to. */
async function followed() {
  const preferences = new Preferences();
  const acts: (() => void)[] = [];
  const composite = { scale: "head", memory: 256, theme: "auto" };
  const changed = { connect: (act: () => void) => acts.push(act) };
  await preferences.follow({ load: async () => ({ composite, changed }) as unknown as Setting } as ISettingRegistry);
  const change = () => {
    for (const act of acts) act();
  };
  return { preferences, change };
}

it("nobody hears of a change once they are gone, before they began to listen either", async () => {
  const { preferences, change } = await followed();
  const heard: string[] = [];
  const [there, gone] = [new AbortController(), new AbortController()];
  gone.abort();
  preferences.onChange(() => heard.push("there"), there.signal);
  preferences.onChange(() => heard.push("gone"), gone.signal);
  change();
  there.abort();
  change();
  expect(heard).toEqual(["there"]);
});
