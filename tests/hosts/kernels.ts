import type { Page } from "@playwright/test";
import { addressOf } from "./places.js";

const SERVERS = ["jupyter", "disabled"] as const;

/** Ends all kernels of both servers, those of open notebooks by their sessions. */
export async function endKernels(page: Page): Promise<void> {
  const headers = { Authorization: `token ${process.env.LAB_TOKEN}` };
  for (const server of SERVERS)
    for (const kind of ["sessions", "kernels"]) {
      const all = `${addressOf(server)}/api/${kind}`;
      const living: { id: string }[] = await (await page.request.get(all, { headers })).json();
      for (const { id } of living) await page.request.delete(`${all}/${id}`, { headers });
    }
}
