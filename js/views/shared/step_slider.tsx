import type { Store } from "../../store/store.js";
import { spoken } from "./format.js";
import type { FrameState } from "./frame_state.js";
import { Label } from "./label.js";
import { moveStep, queryOf, type Steps, stepOf, stepsOf } from "./steps.js";

interface Props {
  store: Store;
  frame: FrameState;
}

const MARKED = "A bar marks the tokens that the model wrote. A step pins the row that wrote its token.";

/** Goes through what the model wrote, token by token: each step pins the query whose row wrote its token. */
export function StepSlider({ store, frame }: Props) {
  const side = store.side("query");
  const steps = stepsOf(side);
  if (steps === null) return null;
  const step = stepOf(steps, store.selection.value.query);
  const wrote = step === null ? "" : spoken(side.labels[steps.first + step - 1]);
  const pin = (event: Event & { currentTarget: HTMLInputElement }) =>
    store.select({ query: queryOf(steps, Number(event.currentTarget.value)) });
  return (
    <span class="steps">
      <span class="steps-mark" data-hint={MARKED}>
        step
      </span>
      <Move store={store} frame={frame} by={-1} isEnd={step === 1} />
      <input
        type="range"
        min={1}
        max={steps.count}
        value={step ?? 1}
        aria-label="Step of the generation"
        aria-valuetext={step === null ? "none" : `${step} of ${steps.count}: wrote ${wrote}`}
        onInput={frame.guard(pin)}
        // However far it is dragged, it is one step back.
        onPointerDown={frame.guard(() => store.history.press())}
        onPointerUp={frame.guard(() => store.history.release())}
      />
      <Move store={store} frame={frame} by={1} isEnd={step === steps.count} />
      <Said steps={steps} step={step} wrote={wrote} />
    </span>
  );
}

function Said({ steps, step, wrote }: { steps: Steps; step: number | null; wrote: string }) {
  return (
    <span class="steps-said">
      {step === null ? (
        `of ${steps.count}`
      ) : (
        <>
          {step} of {steps.count}: wrote{" "}
          <span class="steps-token" data-hint={wrote}>
            <Label text={wrote} />
          </span>
        </>
      )}
    </span>
  );
}

function Move({ store, frame, by, isEnd }: Props & { by: -1 | 1; isEnd: boolean }) {
  const name = by < 0 ? "Previous step" : "Next step";
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={name}
      aria-disabled={isEnd}
      data-hint={`${name.toLowerCase()} (${by < 0 ? "," : "."})`}
      onClick={frame.guard(() => moveStep(store, by))}
    >
      {by < 0 ? "‹" : "›"}
    </button>
  );
}
