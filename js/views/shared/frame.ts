/** Returns what asks for a drawing: `draw` then runs once in the next frame, however often it was asked for. */
export function onFrame(draw: () => void, until: AbortSignal): () => void {
  let asked = 0;
  until.addEventListener("abort", () => cancelAnimationFrame(asked));
  return () => {
    if (asked !== 0 || until.aborted) return;
    asked = requestAnimationFrame(() => {
      asked = 0;
      draw();
    });
  };
}
