import type { Store } from "../../store/store.js";
import { Certificate } from "../shared/certificate.js";
import { copyCode } from "../shared/copy.js";
import { savePng, saveSvg } from "../shared/figure/save.js";
import type { FrameState } from "../shared/frame_state.js";
import { Icon } from "../shared/icon.js";
import { HelpButton } from "../shared/pane_title.js";
import { Tools } from "../shared/tools.js";
import { PathBar } from "./path_bar.js";

interface Props {
  store: Store;
  frame: FrameState;
}

/** Where one is, how exact that is, and what concerns the whole widget. */
export function TopBar({ store, frame }: Props) {
  return (
    <div class="top-bar">
      <PathBar store={store} frame={frame} />
      <Tools store={store} frame={frame} />
      <span class="line actions">
        <Certificate store={store} />
        <Step store={store} frame={frame} name="undo" keys="z" />
        <Step store={store} frame={frame} name="redo" keys="Shift + z" />
        <button
          type="button"
          class="text-button copy"
          data-hint="Python lines that bring a view to here (c)"
          onClick={frame.guard(() => void copyCode(store, frame))}
        >
          {frame.said.value === "" ? "copy as code" : "copied"}
        </button>
        <button
          type="button"
          class="icon-button save-figure"
          aria-label="Save as a figure"
          data-hint={"a vector figure of what is shown, SVG (f)\nwith Shift: an image, PNG (Shift + f)"}
          onClick={frame.guard((event: MouseEvent) => (event.shiftKey ? savePng : saveSvg)(store, frame))}
        >
          <Icon size={14} width={1.4} path="M7 1.5v7M4 6l3 3 3-3M2 12h10" />
        </button>
        <HelpButton frame={frame} />
      </span>
    </div>
  );
}

function Step({ store, frame, name, keys }: Props & { name: "undo" | "redo"; keys: string }) {
  const { canUndo, canRedo } = store.history;
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={name === "undo" ? "Undo" : "Redo"}
      data-hint={`${name} (${keys})`}
      aria-disabled={!(name === "undo" ? canUndo : canRedo).value}
      onClick={frame.guard(() => store.history[name]())}
    >
      <Icon size={14} width={1.4} path="M5 2 2 5l3 3M2 5h6.2a3.4 3.4 0 0 1 0 6.8H5" isMirrored={name === "redo"} />
    </button>
  );
}
