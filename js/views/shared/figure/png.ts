import type { Figure } from "./figure.js";

/** Pixels of an image a side, and of all of it: more, no browser draws. */
const MOST_SIDE = 16_384;
const MOST_PIXELS = 1 << 26;

/** Draws a figure as PNG, at so many pixels for each pixel of the page. */
export async function pngOf({ svg, width, height }: Figure, scale: number): Promise<Blob> {
  const [across, down] = [width, height].map((length) => Math.round(scale * length));
  if (Math.max(across, down) > MOST_SIDE || across * down > MOST_PIXELS) {
    throw new Error(`An image of ${across} × ${down} pixels is more than a browser draws: choose a smaller scale.`);
  }
  const image = new Image();
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [across, down];
    canvas.getContext("2d")?.drawImage(image, 0, 0, across, down);
    return await blobOf(canvas);
  } finally {
    URL.revokeObjectURL(address);
  }
}

function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const take = (blob: Blob | null) => (blob ? resolve(blob) : reject(new Error("The browser drew no image.")));
    canvas.toBlob(take, "image/png");
  });
}
