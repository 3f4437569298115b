import type { ComponentChildren } from "preact";
import type { Store } from "../../store/store.js";
import { Certificate } from "./certificate.js";
import { counted } from "./format.js";
import type { FrameState } from "./frame_state.js";
import { toggleHelp } from "./keys.js";
import { Tools } from "./tools.js";

const PANES = { Model: "model", Heads: "head", Neurons: "neuron" } as const;

interface Props {
  store: Store;
  frame: FrameState;
  name: keyof typeof PANES;
  /** What is in the pane, in a few words. */
  detail?: ComponentChildren;
  /** Controls at the right end of the line. */
  children?: ComponentChildren;
}

/** The first line of a pane. Where the pane is the whole widget it also names the model and certifies the layer. */
export function PaneTitle({ store, frame, name, detail, children }: Props) {
  return (
    <div>
      <div class="line title">
        <h3>{frame.isAlone ? name : <Fold store={store} frame={frame} name={name} />}</h3>
        <span class="muted small detail">
          {frame.isAlone && (
            <span class="of-model" data-hint={`${store.meta.model}, ${sizeOf(store)}`}>
              {`${store.meta.model}, `}
            </span>
          )}
          {detail ?? (frame.isAlone && sizeOf(store))}
        </span>
        <span class="spring" />
        {children}
        {frame.isAlone && <Certificate store={store} />}
        {frame.isAlone && <HelpButton frame={frame} />}
      </div>
      {frame.isAlone && <Tools store={store} frame={frame} />}
    </div>
  );
}

/** The name of a pane, which folds it and unfolds it again. */
function Fold({ store, frame, name }: Pick<Props, "store" | "frame" | "name">) {
  const pane = PANES[name];
  const { folded } = store.settings.value;
  const isFolded = folded.includes(pane);
  const flip = ({ currentTarget }: Event & { currentTarget: HTMLElement }) => {
    const root = currentTarget.getRootNode() as ShadowRoot;
    store.set({ folded: isFolded ? folded.filter((one) => one !== pane) : [...folded, pane] });
    // Another button may stand there then, which keeps the keyboard.
    requestAnimationFrame(() => root.querySelector<HTMLElement>(`[data-pane="${pane}"]`)?.focus());
  };
  return (
    <button
      type="button"
      class="fold"
      data-pane={pane}
      aria-expanded={!isFolded}
      data-hint={isFolded ? "unfold" : "fold"}
      onClick={frame.guard(flip)}
    >
      {name}
    </button>
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
