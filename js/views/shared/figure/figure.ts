/**
 * A view as a vector figure: what is on the screen, element by element. Text is text, lines are curves; pictures that are
 * made of pixels (thumbnails, maps, strips of neurons) are images of these very pixels.
 */
import { borderOf, boxOf, imageOf, pseudoOf, ringsOf } from "./boxes.js";
import { fieldOf } from "./fields.js";
import { paintedBy } from "./recorder.js";
import { textsOf } from "./text.js";
import { attributes, type Frame, round } from "./xml.js";

export interface Figure {
  /** The text of an SVG file. */
  svg: string;
  /** In pixels of the page. */
  width: number;
  height: number;
}

/** Most characters of a figure: more take other programs minutes to open, and a notebook's line does not let through. */
export const MOST = 9_000_000;

/** The figure of an element of the page, so many millimetres wide in print where that is said. */
export function figureOf(root: HTMLElement, millimetres: number | null = null): Figure {
  const { left, top, width, height } = root.getBoundingClientRect();
  const frame: Frame = { left, top, clips: [] };
  const drawn = drawElement(root, frame);
  const size = millimetres === null ? { width, height } : inPrint(millimetres, height / width);
  const head = attributes({
    xmlns: "http://www.w3.org/2000/svg",
    ...size,
    viewBox: `0 0 ${round(width)} ${round(height)}`,
  });
  const clips = frame.clips.join("");
  return { svg: `<svg ${head}>${clips && `<defs>${clips}</defs>`}${drawn}</svg>\n`, width, height };
}

const inPrint = (width: number, aspect: number) => ({
  width: `${round(width)}mm`,
  height: `${round(width * aspect)}mm`,
});

/** Refuses a figure that no program would be glad of. */
export function checkSize(figure: Figure): Figure {
  if (figure.svg.length <= MOST) return figure;
  const millions = (figure.svg.length / 1e6).toFixed(1);
  throw new Error(
    `This figure takes ${millions} million characters, and ${MOST / 1e6} million are the most: show fewer heads or tokens, raise the threshold, or save it as PNG (Shift + f, to_png).`,
  );
}

const SKIPPED = new Set(["SCRIPT", "STYLE", "TEXTAREA"]);
const FIELDS = new Set(["INPUT", "SELECT"]);

function drawElement(element: Element, frame: Frame): string {
  const style = getComputedStyle(element);
  const rect = element.getBoundingClientRect();
  const isHidden = style.display === "none" || style.visibility === "hidden" || style.opacity === "0";
  if (isHidden || SKIPPED.has(element.tagName) || style.clipPath.startsWith("inset(50%")) return "";
  if (element instanceof SVGSVGElement) return drawIcon(element, style, rect, frame);
  const own =
    ringsOf(rect, style, frame) +
    boxOf(rect, style, frame) +
    borderOf(rect, style, frame) +
    (FIELDS.has(element.tagName) ? fieldOf(element, rect, style, frame) : imageOf(element, rect, style, frame));
  if (FIELDS.has(element.tagName)) return grouped(own, style);
  const inner =
    pseudoOf(element, "::before", frame) +
    [...element.childNodes].map((child) => drawNode(child, frame)).join("") +
    pseudoOf(element, "::after", frame);
  const content = element instanceof HTMLCanvasElement ? drawCanvas(element, rect, frame) : inner;
  return grouped(own + clipped(content, style, rect, frame), style);
}

function drawNode(node: Node, frame: Frame): string {
  if (node instanceof Element) return drawElement(node, frame);
  return node instanceof Text && node.data.trim() !== "" ? textsOf(node, frame) : "";
}

function drawCanvas(canvas: HTMLCanvasElement, rect: DOMRect, frame: Frame): string {
  if (canvas.width === 0 || canvas.height === 0 || rect.width === 0) return "";
  const vectors = paintedBy(canvas);
  const [x, y] = [rect.left - frame.left, rect.top - frame.top];
  if (vectors !== null) return vectors && `<g transform="translate(${x} ${y})">${vectors}</g>`;
  const where = attributes({ x, y, width: rect.width, height: rect.height, href: canvas.toDataURL() });
  return `<image ${where} preserveAspectRatio="none" style="image-rendering:pixelated"/>`;
}

function drawIcon(icon: SVGSVGElement, style: CSSStyleDeclaration, rect: DOMRect, frame: Frame): string {
  const place = { x: rect.left - frame.left, y: rect.top - frame.top, width: rect.width, height: rect.height };
  const viewBox = icon.getAttribute("viewBox") ?? undefined;
  const look = Object.fromEntries(PAINTED.map((name) => [name, style.getPropertyValue(name)]));
  return `<svg ${attributes({ ...place, viewBox, ...look })}>${icon.innerHTML}</svg>`;
}

/** What an icon has from its style. */
const PAINTED = ["color", "fill", "stroke", "stroke-width", "stroke-linecap"];

function grouped(content: string, { opacity }: CSSStyleDeclaration): string {
  return content !== "" && opacity !== "1" ? `<g opacity="${opacity}">${content}</g>` : content;
}

function clipped(content: string, { overflowX, overflowY }: CSSStyleDeclaration, rect: DOMRect, frame: Frame): string {
  if (content === "" || (overflowX === "visible" && overflowY === "visible")) return content;
  const id = `clip${frame.clips.length}`;
  const { width, height } = rect;
  const box = attributes({ x: rect.left - frame.left, y: rect.top - frame.top, width, height });
  frame.clips.push(`<clipPath id="${id}"><rect ${box}/></clipPath>`);
  return `<g clip-path="url(#${id})">${content}</g>`;
}
