/** Calls when device pixels have another size: a window went to another screen, or zoomed. There is no event but this. */
export function watchPixelRatio(changed: () => void, until: AbortSignal): void {
  const query = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
  const next = () => {
    changed();
    watchPixelRatio(changed, until);
  };
  query.addEventListener("change", next, { once: true, signal: until });
}
