import type { Shown } from "../views/mount.js";

/** What the bundle that draws a view says of it; throws where it says nothing. */
export function shownBy(view: HTMLElement | null): Shown {
  let said: Shown | null | undefined;
  const hear = (shown: Shown | null) => {
    said = shown;
  };
  view?.dispatchEvent(new CustomEvent("headscope:ask", { detail: hear }));
  if (said === null) throw new Error("its tokens are on their way: try again once the view is drawn.");
  if (said === undefined) throw new Error("the view is of another version of headscope: export it from Python.");
  return said;
}
