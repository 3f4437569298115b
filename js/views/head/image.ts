import { type ReadonlySignal, signal } from "@preact/signals";

/** An image that can be drawn; null while it is being read, "broken" where there is none. */
export type Loaded = HTMLImageElement | null | "broken";

/** Reads an image from its data URL. */
export function loadImage(src: string | null): ReadonlySignal<Loaded> {
  const loaded = signal<Loaded>(src === null ? "broken" : null);
  if (src === null) return loaded;
  const image = new Image();
  image.onload = () => {
    loaded.value = image;
  };
  image.onerror = () => {
    loaded.value = "broken";
  };
  image.src = src;
  return loaded;
}
