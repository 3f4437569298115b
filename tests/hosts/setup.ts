import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { HEAD, LAYER, QUERY } from "./journey.js";
import { ENVIRONMENT, HOME } from "./places.js";

/** Has Python write the exported page, and the numbers of the model itself. */
export default function setup(): void {
  const make = [join(__dirname, "make_expected.py"), HOME, ...[LAYER, HEAD, QUERY].map(String)];
  const env = { ...process.env, HF_HUB_OFFLINE: "1", OMP_NUM_THREADS: "1" };
  execFileSync(join(ENVIRONMENT, "bin/python"), make, {
    env,
    timeout: 240_000,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
