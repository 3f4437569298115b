import type { Store } from "../../store/store.js";
import type { FrameState } from "../shared/frame_state.js";
import { Label } from "../shared/label.js";
import { movesAmong } from "../shared/roving.js";
import { type PathStep, pathOf } from "./path.js";

/** Where the reader is, from the model down; each step goes there. One tab stop, arrows move. */
export function PathBar({ store, frame }: { store: Store; frame: FrameState }) {
  const steps = pathOf(store);
  const go = ({ changes }: PathStep) => {
    store.select(changes);
    if (changes.scale !== undefined) frame.focusPane(changes.scale);
  };
  return (
    <nav class="path" aria-label="Path" onKeyDown={frame.guard(movesAmong())}>
      {steps.map((step, index) => (
        <span key={`${index}`} class="path-step">
          {step.before !== "" && <span aria-hidden="true">{step.before}</span>}
          <button
            type="button"
            class={step.isToken ? "token" : ""}
            tabIndex={index === steps.length - 1 ? 0 : -1}
            aria-current={index === steps.length - 1 ? "location" : undefined}
            aria-label={step.name}
            onClick={frame.guard(() => go(step))}
          >
            {step.isToken ? <Label text={step.name} /> : step.name}
          </button>
        </span>
      ))}
    </nav>
  );
}
