interface Props {
  label: string;
  options: readonly (readonly [value: number, text: string])[];
  chosen: number;
  choose(value: number): void;
}

/** A list of numbered things, of which one is chosen. */
export function Select({ label, options, chosen, choose }: Props) {
  return (
    <select aria-label={label} value={chosen} onChange={(event) => choose(Number(event.currentTarget.value))}>
      {options.map(([value, text]) => (
        <option key={value} value={value} selected={value === chosen}>
          {text}
        </option>
      ))}
    </select>
  );
}
