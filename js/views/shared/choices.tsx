/** One of the options that `Choices` offers. */
export interface Option<Value extends string> {
  value: Value;
  text: string;
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
  const moveByKey = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (!isEnabled) return;
    const now = options.findIndex(({ value }) => value === chosen);
    const next = (now + by + options.length) % options.length;
    choose(options[next].value);
    event.currentTarget.querySelectorAll("button")[next].focus();
  };
  return (
    <div
      class="choices"
      role="radiogroup"
      aria-label={label}
      aria-disabled={!isEnabled}
      aria-description={why}
      data-hint={why}
      onKeyDown={moveByKey}
    >
      {options.map(({ value, text, name }) => (
        // biome-ignore lint/a11y/useSemanticElements: an input shows no text of its own
        <button
          key={value}
          type="button"
          role="radio"
          aria-checked={value === chosen}
          aria-label={name ?? text}
          tabIndex={value === chosen ? 0 : -1}
          onClick={() => isEnabled && choose(value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
