import type { ReadonlySignal } from "@preact/signals";
import type { Loading } from "../../store/loading.js";
import { Notice, sayBusy } from "./notice.js";
import { Progress } from "./progress.js";

/** In the place of a view whose tokens are on their way. */
export function Waiting({ loading }: { loading: ReadonlySignal<Loading> }) {
  const now = loading.value;
  const text = sayBusy(now, "the tokens come") || "The tokens of this long text are on their way.";
  return (
    <section class="shell coming" aria-label="Loading">
      <Progress loading={now} label="Loading the tokens" />
      <Notice loading={now} text={text} />
    </section>
  );
}
