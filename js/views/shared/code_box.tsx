import { useLayoutEffect, useRef } from "preact/hooks";
import type { FrameState } from "./frame_state.js";

/** Lines of Python, selected, where the clipboard is forbidden. */
export function CodeBox({ frame }: { frame: FrameState }) {
  const box = useRef<HTMLTextAreaElement>(null);
  const code = frame.code.value;
  useLayoutEffect(() => {
    box.current?.focus();
    box.current?.select();
  }, [code]);
  if (code === null) return null;
  return (
    <div class="code-box">
      <p class="muted small">
        The page may not use the clipboard. Copy these lines from here; <kbd>Esc</kbd> closes them.
      </p>
      <textarea ref={box} readOnly={true} rows={code.split("\n").length} aria-label="This view as code" value={code} />
    </div>
  );
}
