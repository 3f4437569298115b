import { join } from "node:path";

/** What `make test-hosts` makes: an environment with the wheel, and npm's packages. */
export const ENVIRONMENT = join(process.cwd(), "build/hosts");
/** Of the servers: their settings and notebooks, and what the tests expect. */
export const HOME = join(ENVIRONMENT, "home");
export const NOTEBOOKS = join(HOME, "notebooks");

const PORT = Number(process.env.LAB_PORT ?? 8877);

/** Where the servers listen. */
export const PORTS = { jupyter: PORT, disabled: PORT + 1, run: PORT + 10_000, edit: PORT + 10_001 } as const;

export function addressOf(server: keyof typeof PORTS): string {
  return `http://127.0.0.1:${PORTS[server]}`;
}
