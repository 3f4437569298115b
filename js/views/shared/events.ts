/** An event as the element gets it that listens. */
export type Heard<Kind extends Event> = Kind & { currentTarget: HTMLElement };

/** The element that an event is about, or that is round it, where it is of a kind. */
export function closest({ target }: Event, selector: string): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(selector) : null;
}

/** Whether the focus, or the pointer, that leaves an element stays within what is listened to. */
export function isWithin({ currentTarget, relatedTarget }: FocusEvent | PointerEvent): boolean {
  return currentTarget instanceof Node && relatedTarget instanceof Node && currentTarget.contains(relatedTarget);
}

/**
 * Listens to keys that are not the host's.
 *
 * @param press Returns whether it used a key, which then does nothing else and goes no further.
 */
export function onKeys(press: (event: Heard<KeyboardEvent>) => boolean): (event: Heard<KeyboardEvent>) => void {
  return (event) => {
    if (isForHost(event) || !press(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

/** Whether a key is not meant for us: the host's own shortcuts, of which Shift + Enter runs a cell. */
export function isForHost({ ctrlKey, metaKey, altKey, shiftKey, key }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey || (shiftKey && key === "Enter");
}
