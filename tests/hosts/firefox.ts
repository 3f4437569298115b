import { type Browser, test as base } from "@playwright/test";

type Send = (method: string, params: unknown) => Promise<unknown>;

/** As Playwright's, and it can drive the Firefox of a distribution. */
export const test = base.extend<object, { browser: Browser }>({
  browser: [
    async ({ browser }, use) => {
      if (browser.browserType().name() === "firefox") leaveOutMedia(browser);
      await use(browser);
    },
    { scope: "worker" },
  ],
});

export { expect } from "@playwright/test";

/** Playwright sends every new context a command that Firefox ESR does not know, and gives up when that is refused. */
function leaveOutMedia(browser: Browser): void {
  const { _connection } = browser as unknown as { _connection: { toImpl(one: Browser): unknown } };
  const { _browserSession: session } = _connection.toImpl(browser) as { _browserSession: { send: Send } };
  const send = session.send.bind(session);
  session.send = (method, params) =>
    method === "emulation.setMediaFeaturesOverride" ? Promise.resolve() : send(method, params);
}
