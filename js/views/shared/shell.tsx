import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { Scale } from "../../store/selection.js";
import type { Store } from "../../store/store.js";
import { Announcer } from "./announce.js";
import { CodeBox } from "./code_box.js";
import { ErrorBoundary, ErrorBox } from "./error_box.js";
import { closest, isWithin } from "./events.js";
import type { FrameState } from "./frame_state.js";
import { Help } from "./help.js";
import { Hints } from "./hints.js";
import { type Acted, pressKey } from "./keys.js";
import { anchorIn, Tooltip } from "./tooltip.js";

interface Props {
  store: Store;
  frame: FrameState;
  /** Name of the region. */
  label: string;
  /** More keys for the line of hints. */
  hints?: readonly (readonly string[])[];
  children: ComponentChildren;
}

/** What is round the panes of a widget: errors, the keys of the whole widget and their list, words about controls. */
export function Shell({ store, frame, label, hints, children }: Props) {
  const shell = useRef<HTMLElement>(null);
  return (
    <section class={`shell ${frame.kind}`} aria-label={label} ref={shell} {...listeners({ store, frame }, shell)}>
      <Errors store={store} frame={frame} />
      <ErrorBoundary attempt={store.selection.value}>
        {children}
        <Hints frame={frame} more={hints} />
        <CodeBox frame={frame} />
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
  const { frame, store } = acted;
  const hint = (event: Event) => {
    const control = closest(event, "[data-hint]");
    const text = control?.dataset.hint ?? "";
    const box = shell.current;
    const now = frame.hint.peek();
    if (text === "" || !control || !box) frame.hint.value = null;
    else if (now?.control !== control || now.text !== text)
      frame.hint.value = { text, control, anchor: anchorIn(control.getBoundingClientRect(), box) };
  };
  const forget = () => {
    frame.hint.value = null;
  };
  // Before anything changes: then it costs nothing, and later the page would have to be laid out for it.
  const measure = (event: Event) => {
    const ground = closest(event, "[data-ground]");
    if (ground && shell.current)
      frame.grounds.set(ground.dataset.ground ?? "", anchorIn(ground.getBoundingClientRect(), shell.current));
  };
  return {
    onPointerOverCapture: frame.guard(measure),
    onFocusInCapture: frame.guard(measure),
    onPointerOver: frame.guard(hint),
    onPointerLeave: frame.guard(forget),
    onFocusIn: frame.guard(hint),
    onFocusOut: frame.guard((event: FocusEvent) => {
      if (isWithin(event)) return; // what gets the focus has its own hint
      forget();
      store.history.release(); // the key that is down is let go elsewhere
    }),
    onPointerDownCapture: frame.guard((event: Event) => {
      arrive(acted, event);
      store.history.release();
    }),
    onKeyDownCapture: frame.guard((event: KeyboardEvent) => {
      arrive(acted, event);
      measure(event);
      if (!event.repeat) store.history.press();
    }),
    onKeyUpCapture: frame.guard(() => store.history.release()),
    onKeyDown: frame.guard((event: KeyboardEvent) => pressed(acted, event)),
  };
}

const PANES = { model: ".model-pane", head: ".head-pane", neuron: ".neuron-pane" } as const;

/** Notes in which of several panes the reader acts. */
function arrive({ store, frame }: Acted, event: Event): void {
  if (frame.isAlone) return;
  const scales = Object.keys(PANES) as Scale[];
  store.place = scales.find((scale) => closest(event, PANES[scale]) !== null) ?? null;
}

function pressed(acted: Acted, event: KeyboardEvent): void {
  const isList = event.target instanceof HTMLSelectElement; // its own keys choose by typing
  const isText = event.target instanceof HTMLTextAreaElement;
  const isControl = isList || isText || event.target instanceof HTMLInputElement;
  const isUsed = !isList && (!isText || event.key === "Escape") && pressKey(acted, event);
  if (isUsed) event.preventDefault();
  if (isUsed || isControl) event.stopPropagation();
}
