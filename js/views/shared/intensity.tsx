import type { Settings } from "../../store/settings.js";
import { Choices, type Option } from "./choices.js";
import type { Acted } from "./keys.js";

const INTENSITIES: readonly Option<Settings["intensity"]>[] = [
  { value: "shared", name: "one scale for all heads" },
  { value: "head", text: "per head", name: "a scale for each head" },
];

/** Where the scale of colours ends: for all at the same number, or for each at its own largest. */
export function Intensity({ store, frame }: Acted) {
  return (
    <span class="line">
      <span class="muted small">intensity</span>
      <Choices
        label="Intensity"
        options={INTENSITIES}
        chosen={store.settings.value.intensity}
        choose={frame.guard((intensity) => store.set({ intensity }))}
      />
    </span>
  );
}
