import { attributes, round } from "./xml.js";

type Paint = (into: HTMLCanvasElement) => void;

const painters = new WeakMap<HTMLCanvasElement, Paint>();

/** Lets a canvas be drawn once more, as vectors, until the returned function is called. */
export function drawsVectors(canvas: HTMLCanvasElement, paint: Paint): () => void {
  painters.set(canvas, paint);
  return () => painters.delete(canvas);
}

/** What is drawn on a canvas, as elements of SVG in its own pixels; null where it is made of pixels. */
export function paintedBy(canvas: HTMLCanvasElement): string | null {
  const paint = painters.get(canvas);
  if (paint === undefined) return null;
  const recorder = new Recorder();
  paint({ width: 0, height: 0, dataset: {}, getContext: () => recorder } as unknown as HTMLCanvasElement);
  return recorder.elements.join("");
}

/** What we use of a canvas' context: writes down what it is told to draw. */
class Recorder {
  readonly elements: string[] = [];
  globalAlpha = 1;
  lineWidth = 1;
  strokeStyle = "#000";
  fillStyle = "#000";
  #path = "";

  setTransform(): void {}

  clearRect(): void {}

  beginPath(): void {
    this.#path = "";
  }

  moveTo(...at: number[]): void {
    this.#path += `M${at.map(round).join(" ")}`;
  }

  bezierCurveTo(...at: number[]): void {
    this.#path += `C${at.map(round).join(" ")}`;
  }

  stroke(): void {
    const { strokeStyle: stroke, lineWidth } = this;
    const look = { d: this.#path, fill: "none", stroke, "stroke-width": lineWidth, opacity: this.#opacity };
    this.elements.push(`<path ${attributes(look)}/>`);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#rect({ x, y, width, height, fill: this.fillStyle });
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#rect({ x, y, width, height, fill: "none", stroke: this.strokeStyle, "stroke-width": this.lineWidth });
  }

  #rect(look: Record<string, string | number>): void {
    this.elements.push(`<rect ${attributes({ ...look, opacity: this.#opacity })}/>`);
  }

  get #opacity(): string | undefined {
    return this.globalAlpha === 1 ? undefined : this.globalAlpha.toFixed(4);
  }
}
