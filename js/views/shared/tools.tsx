import type { Settings } from "../../store/settings.js";
import type { Store } from "../../store/store.js";
import { Choices, type Option } from "./choices.js";
import type { FrameState } from "./frame_state.js";
import { StepSlider } from "./step_slider.js";

interface Props {
  store: Store;
  frame: FrameState;
}

const MEASURES: readonly Option<Settings["measure"]>[] = [
  { value: "weight" },
  { value: "value_norm", text: "weight × norm", name: "weight times the norm of the value as it enters the output" },
];

/** What concerns all panes: which layers, and what is drawn of them. */
export function Tools({ store, frame }: Props) {
  return (
    <div class="line tools">
      <PartChoices store={store} frame={frame} />
      <MeasureChoices store={store} frame={frame} />
      <StepSlider store={store} frame={frame} />
    </div>
  );
}

/** Which stack of layers; nothing where there is but one. */
function PartChoices({ store, frame }: Props) {
  const { parts } = store.meta;
  if (parts.length === 1) return null;
  return (
    <Choices
      label="Part"
      options={parts.map(({ name }) => ({ value: name }))}
      chosen={store.selection.value.part}
      choose={frame.guard((part: string) => store.select({ part }))}
    />
  );
}

function MeasureChoices({ store, frame }: Props) {
  const { measure } = store.settings.value;
  const data = store.data.value;
  const why = measure === "weight" && data?.valueNorms === null ? data.valueNormReason : "";
  return (
    <Choices
      label="Measure"
      options={MEASURES}
      chosen={measure}
      choose={frame.guard((chosen: Settings["measure"]) => store.set({ measure: chosen }))}
      why={why}
    />
  );
}
