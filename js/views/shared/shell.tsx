import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { Store } from "../../store/store.js";
import { Announcer } from "./announce.js";
import { ErrorBoundary, ErrorBox } from "./error_box.js";
import type { FrameState } from "./frame_state.js";
import { Help } from "./help.js";
import { type Acted, pressKey } from "./keys.js";
import { anchorOf, Tooltip } from "./tooltip.js";

interface Props {
  store: Store;
  frame: FrameState;
  /** Name of the region. */
  label: string;
  children: ComponentChildren;
}

/** What is round the panes of a widget: errors, the keys of the whole widget and their list, words about controls. */
export function Shell({ store, frame, label, children }: Props) {
  const shell = useRef<HTMLElement>(null);
  return (
    <section class={`shell ${frame.kind}`} aria-label={label} ref={shell} {...listeners({ store, frame }, shell)}>
      <Errors store={store} frame={frame} />
      <ErrorBoundary attempt={store.selection.value}>
        {children}
        {frame.helpOpen.value && <Help />}
        <Announcer store={store} frame={frame} />
        <HintTip frame={frame} />
      </ErrorBoundary>
    </section>
  );
}

function Errors({ store, frame }: Acted) {
  const fault = frame.fault.value;
  const failure = store.failure.value;
  const dismiss = () => {
    frame.fault.value = null;
  };
  return (
    <>
      {fault !== null && <ErrorBox error={fault} onDismiss={dismiss} />}
      {failure !== "" && (
        <div class="error-box" role="alert">
          {failure}
        </div>
      )}
    </>
  );
}

/** About the control under the pointer: the lines of its `data-hint`. */
function HintTip({ frame }: { frame: FrameState }) {
  const hint = frame.hint.value;
  if (hint === null) return null;
  return (
    <Tooltip anchor={hint.anchor} align="left">
      {hint.text.split("\n").map((line) => (
        <div key={line}>{line}</div>
      ))}
    </Tooltip>
  );
}

/** Hints of controls and the keys of the whole widget. */
function listeners(acted: Acted, shell: { current: HTMLElement | null }) {
  const { frame } = acted;
  const hint = (event: Event) => {
    const control = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-hint]") : null;
    const text = control?.dataset.hint ?? "";
    const box = shell.current;
    frame.hint.value = text !== "" && control && box ? { text, anchor: anchorOf(control, box) } : null;
  };
  const forget = () => {
    frame.hint.value = null;
  };
  return {
    onPointerOver: frame.guard(hint),
    onPointerLeave: frame.guard(forget),
    onFocusIn: frame.guard(hint),
    onFocusOut: frame.guard(forget),
    onKeyDown: frame.guard((event: KeyboardEvent) => pressed(acted, event)),
  };
}

function pressed(acted: Acted, event: KeyboardEvent): void {
  const isList = event.target instanceof HTMLSelectElement; // its own keys choose by typing
  const isControl = isList || event.target instanceof HTMLInputElement;
  const isUsed = !isList && pressKey(acted, event);
  if (isUsed) event.preventDefault();
  if (isUsed || isControl) event.stopPropagation();
}
