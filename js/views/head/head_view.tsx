import { useEffect, useRef } from "preact/hooks";
import { ErrorBoundary, ErrorBox } from "../shared/error_box.js";
import { useReaction } from "../shared/reaction.js";
import { anchorOf } from "../shared/tooltip.js";
import { Announcer } from "./announce.js";
import { Body } from "./body.js";
import { Captions } from "./captions.js";
import { Chips } from "./chips.js";
import { Foot } from "./foot.js";
import { Help } from "./help.js";
import { pressKey } from "./keys.js";
import { Layers } from "./layers.js";
import { SettingsRow } from "./settings.js";
import type { ViewState } from "./state.js";
import { Tips } from "./tip_box.js";
import { Title } from "./title.js";

/** The attention-head view: two columns of tokens joined by lines. */
export function HeadView({ view }: { view: ViewState }) {
  const pane = useRef<HTMLElement>(null);
  useWidth(view, pane);
  useReveal(view);
  useStay(view);
  const fault = view.fault.value;
  const failure = view.store.failure.value;
  const dismiss = () => {
    view.fault.value = null;
  };
  return (
    <section class="pane" aria-label="Attention heads" ref={pane} {...listeners(view, pane)}>
      {fault !== null && <ErrorBox error={fault} onDismiss={dismiss} />}
      {failure !== "" && (
        <div class="error-box" role="alert">
          {failure}
        </div>
      )}
      <ErrorBoundary attempt={view.store.selection.value}>
        <Title view={view} />
        <div class="line choice">
          <Layers view={view} />
          <Chips view={view} />
        </div>
        <SettingsRow view={view} />
        <Remarks view={view} />
        <Captions view={view} />
        {view.width.value > 0 && <Body view={view} />}
        <Foot view={view} />
        {view.helpOpen.value && <Help />}
        <Announcer view={view} />
        <Tips view={view} pane={pane} />
      </ErrorBoundary>
    </section>
  );
}

/** What one must know of the layer before one trusts the picture. */
function Remarks({ view }: { view: ViewState }) {
  const { layer, error, reason, nonfinite } = view.layerMeta.value;
  return (
    <>
      {nonfinite !== "" && (
        <p class="remark error">
          Layer {layer} holds numbers that are not finite: {nonfinite}
        </p>
      )}
      {error !== null && reason !== "" && <p class="remark">{reason}</p>}
    </>
  );
}

/** Hints of controls and the keys of the whole view. */
function listeners(view: ViewState, pane: { current: HTMLElement | null }) {
  const hint = (event: Event) => {
    const control = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-hint]") : null;
    const text = control?.dataset.hint ?? "";
    const frame = pane.current;
    view.hint.value = text !== "" && control && frame ? { text, anchor: anchorOf(control, frame) } : null;
  };
  const forget = () => {
    view.hint.value = null;
  };
  return {
    onPointerOver: view.guard(hint),
    onPointerLeave: view.guard(forget),
    onFocusIn: view.guard(hint),
    onFocusOut: view.guard(forget),
    onKeyDown: view.guard((event: KeyboardEvent) => pressed(view, event)),
  };
}

function pressed(view: ViewState, event: KeyboardEvent): void {
  const isList = event.target instanceof HTMLSelectElement; // its own keys choose by typing
  const isControl = isList || event.target instanceof HTMLInputElement;
  const isUsed = !isList && pressKey(view, event);
  if (isUsed) event.preventDefault();
  if (isUsed || isControl) event.stopPropagation();
}

function useWidth(view: ViewState, pane: { current: HTMLElement | null }): void {
  useEffect(() => {
    const measure = view.guard((entries: ResizeObserverEntry[]) => {
      for (const entry of entries) view.width.value = Math.floor(entry.contentRect.width);
    });
    const observer = new ResizeObserver(measure);
    if (pane.current !== null) observer.observe(pane.current);
    return () => observer.disconnect();
  }, [view]);
}

/** Brings a newly pinned token into view, whoever pinned it. */
function useReveal(view: ViewState): void {
  const before = useRef<{ query: number | null; key: number | null }>({ query: null, key: null });
  const reveal = view.guard(() => {
    const { query, key } = view.store.selection.value;
    const isNew = { query: query !== before.current.query, key: key !== before.current.key };
    before.current = { query, key };
    const { query: queryEntry, key: keyEntry } = view.pins.peek();
    if (isNew.query && queryEntry !== null) view.reveal(queryEntry);
    else if (isNew.key && keyEntry !== null) view.reveal(keyEntry);
  });
  useReaction(reveal);
}

function useStay(view: ViewState): void {
  const before = useRef({ query: view.queries.peek(), key: view.keys.peek() });
  const stay = view.guard(() => {
    const now = { query: view.queries.value, key: view.keys.value };
    if (now.query !== before.current.query || now.key !== before.current.key) view.stayWith(before.current, now);
    before.current = now;
  });
  useReaction(stay);
}
