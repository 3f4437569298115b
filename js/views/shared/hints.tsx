import type { FrameState } from "./frame_state.js";

/** The keys that one needs first, in a line. */
export function Hints({ frame, more = [] }: { frame: FrameState; more?: readonly (readonly string[])[] }) {
  const levels = [
    ["Enter", "go deeper"],
    ["Backspace", "go up"],
  ];
  const hints = [
    ["arrows", "move"],
    ...(frame.isAlone ? [] : levels),
    ["Space", "pin"],
    ["Esc", "unpin"],
    ["[ ]", "layer"],
    ...more,
    ["?", "all keys"],
  ];
  return (
    <p class="hints">
      {hints.map(([key, does]) => (
        <span key={key}>
          <kbd>{key}</kbd> {does}
        </span>
      ))}
    </p>
  );
}
