/** Spaces, breaks and what is spelled out: quieter than the text itself. */
const MARKS = /([·⏎⇥]|⟨[^⟩]*⟩)/u;

/** A token's text, isolated so that its direction does not reach its neighbours. Only ever text nodes. */
export function Label({ text }: { text: string }) {
  const leading = text.length > 1 && text.startsWith("·");
  const pieces = (leading ? text.slice(1) : text).split(MARKS);
  return (
    <bdi dir="auto">
      {leading && <i class="lead">·</i>}
      {pieces.map((piece, index) => (index % 2 === 1 ? <i key={`${index}`}>{piece}</i> : piece))}
    </bdi>
  );
}
