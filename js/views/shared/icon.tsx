/** A drawing of one line, in the colour of the text round it. */
export function Icon({ size, width, path, isMirrored }: Props) {
  return (
    <svg
      width={size}
      height={size}
      viewBox={`0 0 ${size} ${size}`}
      fill="none"
      stroke="currentColor"
      stroke-width={width}
      stroke-linecap="round"
      aria-hidden="true"
    >
      <path d={path} transform={isMirrored ? `matrix(-1 0 0 1 ${size} 0)` : undefined} />
    </svg>
  );
}

interface Props {
  size: number;
  /** Of the line. */
  width: number;
  path: string;
  isMirrored?: boolean;
}
