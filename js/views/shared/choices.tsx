import { movesAmong } from "./roving.js";

/** One of the options that `Choices` offers. */
export interface Option<Value extends string> {
  value: Value;
  /** Where it is not the value. */
  text?: string;
  /** What a screen reader says, where it is not the text. */
  name?: string;
}

interface Props<Value extends string> {
  /** What is chosen; read by screen readers. */
  label: string;
  options: readonly Option<Value>[];
  chosen: Value;
  choose(value: Value): void;
  /** Why nothing can be chosen here, "" if it can. The control stays in place and says so. */
  why?: string;
}

/** A few words in a row, the chosen one underlined. As in any group of radio buttons, arrows move and choose at once. */
export function Choices<Value extends string>({ label, options, chosen, choose, why = "" }: Props<Value>) {
  const isEnabled = why === "";
  const pick = (value: Value) => isEnabled && choose(value);
  return (
    <div
      class="choices"
      role="radiogroup"
      aria-label={label}
      aria-disabled={!isEnabled}
      aria-description={why}
      data-hint={why}
      onKeyDown={movesAmong((index) => pick(options[index].value))}
    >
      {options.map(({ value, text = value, name = text }) => (
        // biome-ignore lint/a11y/useSemanticElements: an input shows no text of its own
        <button
          key={value}
          type="button"
          role="radio"
          aria-checked={value === chosen}
          aria-label={name}
          tabIndex={value === chosen ? 0 : -1}
          onClick={() => pick(value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
