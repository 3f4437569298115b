import { useSignal } from "@preact/signals";
import type { AxisName } from "../../store/axis.js";
import { spoken } from "./format.js";
import type { Acted } from "./keys.js";
import { useReaction } from "./reaction.js";

/** Says to a screen reader what was pinned or unpinned, by whomever. */
export function Announcer({ store, frame }: Acted) {
  const message = useSignal("");
  const isFirst = useSignal(true);
  const announce = frame.guard(() => {
    const { query, key, neuron } = store.selection.value;
    const said = [sayToken(store, "query", query), sayToken(store, "key", key)];
    const text = [...said, neuron === null ? "" : `neuron ${neuron}`].filter(Boolean).join("; ");
    frame.said.value = "";
    if (!isFirst.peek()) message.value = text === "" ? "Nothing is pinned" : `Pinned ${text}`;
    isFirst.value = false;
  });
  useReaction(announce);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {frame.said.value || message}
    </div>
  );
}

function sayToken(store: Acted["store"], side: AxisName, position: number | null): string {
  if (position === null) return "";
  const axis = store.axis(side);
  const { label } = axis.entries[axis.entryOf[position]];
  return `${side} ${spoken(label)}, position ${position}`;
}
