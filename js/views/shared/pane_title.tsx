import type { ComponentChildren } from "preact";
import type { Store } from "../../store/store.js";
import { Certificate } from "./certificate.js";
import { counted } from "./format.js";
import type { FrameState } from "./frame_state.js";
import { toggleHelp } from "./keys.js";

interface Props {
  store: Store;
  frame: FrameState;
  name: string;
  /** What is in the pane, in a few words. */
  detail?: ComponentChildren;
  /** Controls at the right end of the line. */
  children?: ComponentChildren;
}

/** The first line of a pane. Where the pane is the whole widget it also names the model and certifies the layer. */
export function PaneTitle({ store, frame, name, detail, children }: Props) {
  return (
    <div class="line title">
      <h3>{name}</h3>
      <span class="muted small detail">
        {frame.isAlone && `${store.meta.model}, `}
        {detail ?? (frame.isAlone && sizeOf(store))}
      </span>
      <span class="spring" />
      {children}
      {frame.isAlone && <Certificate store={store} />}
      {frame.isAlone && <HelpButton frame={frame} />}
    </div>
  );
}

export function HelpButton({ frame }: { frame: FrameState }) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label="All keys"
      aria-expanded={frame.helpOpen.value}
      onClick={frame.guard(() => toggleHelp(frame))}
    >
      ?
    </button>
  );
}

/** Such as "30 layers × 9 heads", as the chosen layer has them. */
export function sizeOf({ part, layerMeta }: Store): string {
  const { heads } = layerMeta.value;
  return counted(part.value.layers.length, "layer") + (heads > 0 ? ` × ${counted(heads, "head")}` : "");
}
