import { useSignal } from "@preact/signals";
import { useReaction } from "../shared/reaction.js";
import type { ViewState } from "./state.js";

/** Says to a screen reader what was pinned or unpinned, by whomever. */
export function Announcer({ view }: { view: ViewState }) {
  const message = useSignal("");
  const isFirst = useSignal(true);
  const announce = view.guard(() => {
    const { query, key } = view.store.selection.value;
    const text = [said(view, "query", query), said(view, "key", key)].filter(Boolean).join("; ");
    if (!isFirst.peek()) message.value = text || "Nothing is pinned";
    isFirst.value = false;
  });
  useReaction(announce);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {message}
    </div>
  );
}

/** A label without the mark of its leading space. */
export function spoken(label: string): string {
  return label.replace(/^·(?=.)/su, "");
}

function said(view: ViewState, side: "query" | "key", position: number | null): string {
  if (position === null) return "";
  const axis = view.axis(side);
  const { label } = axis.entries[axis.entryOf[position]];
  return `Pinned ${side} ${spoken(label)}, position ${position}`;
}
