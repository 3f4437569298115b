import { useRef } from "preact/hooks";
import type { Loading } from "../../store/loading.js";
import { Notice, sayBusy } from "../shared/notice.js";
import { useReaction } from "../shared/reaction.js";
import { classes, px } from "../shared/style.js";
import { useWheel } from "../shared/wheel.js";
import { Column } from "./column.js";
import { ROW } from "./layout.js";
import { Marks } from "./marks.js";
import type { ViewState } from "./state.js";

/** The two columns of tokens, what is drawn between and beside them, and the scroll bar of a long text. */
export function Body({ view }: { view: ViewState }) {
  const { height, width, scrolls, zone, lines } = view.layout.value;
  const loading = view.store.loading.value;
  const body = useRef<HTMLDivElement>(null);
  const isOld = loading.state === "pending" && loading.since !== "now";
  useSlide(view, body);
  useWheel(body, view.guard, (by) => view.scrollBy(by));
  return (
    <div class="frame" style={{ height: px(height) }}>
      <div
        class={classes("body", { old: isOld, gone: loading.state === "failed" })}
        style={{ width: px(width), height: px(height) }}
        ref={body}
      >
        <Column view={view} side="query" />
        <Column view={view} side="key" />
        <Marks view={view} />
      </div>
      {scrolls && <ScrollBar view={view} />}
      <Notice loading={loading} text={notice(view, loading)} style={{ left: px(zone.query), width: px(lines) }} />
    </div>
  );
}

/** Moves the columns with the scroll position; only where rows come or go does anything render. */
export function useSlide(view: ViewState, body: { current: HTMLDivElement | null }): void {
  const slide = view.guard(() => {
    for (const side of ["query", "key"] as const) {
      body.current?.style.setProperty(`--${side}-top`, px(-view.topOf(side)));
    }
  });
  useReaction(slide);
}

/** A native scroll bar beside the rows: the rows themselves do not scroll, or they would catch the notebook's wheel. */
export function ScrollBar({ view }: { view: ViewState }) {
  const bar = useRef<HTMLDivElement>(null);
  useReaction(() => {
    const top = view.top.value;
    if (bar.current && Math.abs(bar.current.scrollTop - top) >= 1) bar.current.scrollTop = top;
  });
  const onScroll = view.guard((event: Event & { currentTarget: HTMLElement }) => {
    const { scrollTop, isConnected } = event.currentTarget;
    if (!isConnected) return; // it has gone since it scrolled, and says that it is at 0
    if (Math.abs(scrollTop - view.top.peek()) >= 1) view.top.value = scrollTop;
  });
  return (
    <div class="scroll-bar" ref={bar} onScroll={onScroll} tabIndex={-1} aria-hidden="true">
      <div style={{ height: px(view.rowCount * ROW) }} />
    </div>
  );
}

/** Why there is no picture, or not yet, in words. */
export function notice(view: ViewState, loading: Loading): string {
  if (loading.state === "pending") {
    const isLong = loading.since === "busy" || loading.since === "silent";
    return isLong && loading.done > 0 ? "the kernel is sending this layer" : sayBusy(loading, "the picture comes");
  }
  if (view.heads.value.length === 0) return "No head is drawn. Click a number above.";
  return view.queries.value.entries.some(({ shown }) => shown) ? "" : "All tokens are hidden.";
}
