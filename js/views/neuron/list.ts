import { closest, onKeys } from "../shared/events.js";
import { leaveRows } from "./actions.js";
import type { NeuronState } from "./state.js";

/**
 * What a list that is one tab stop listens to.
 *
 * @param arrive Shows where the keyboard is, when it comes.
 * @param press Returns whether it used a key, which then goes no further.
 */
export function listening(view: NeuronState, arrive: () => void, press: (key: string, list: Element) => boolean) {
  const { guard } = view.frame;
  return {
    onFocus: guard((event: FocusEvent) => {
      if (closest(event, ":focus-visible")) arrive();
    }),
    onBlur: guard(() => leaveRows(view)),
    onKeyDown: guard(onKeys(({ key, currentTarget }) => press(key, currentTarget))),
  };
}
