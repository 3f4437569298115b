import { attributes, escaped, type Frame, fontsOf } from "./xml.js";

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const CLEAR = "rgba(0, 0, 0, 0)";
const SIDES = ["Top", "Right", "Bottom", "Left"] as const;

/** The background of an element. */
export function boxOf(box: Box, style: CSSStyleDeclaration, frame: Frame): string {
  if (style.backgroundColor === CLEAR || box.width === 0 || box.height === 0) return "";
  return rect(box, frame, { fill: style.backgroundColor, rx: radiusOf(style, box) });
}

/** Its borders: one frame where all four are alike, else a bar for each. */
export function borderOf(box: Box, style: CSSStyleDeclaration, frame: Frame): string {
  const sides = SIDES.map((side) => ({
    width: style[`border${side}Style`] === "none" ? 0 : Number.parseFloat(style[`border${side}Width`]),
    colour: style[`border${side}Color`],
  }));
  const outline = style.outlineStyle === "none" ? 0 : Number.parseFloat(style.outlineWidth);
  const around = Number.parseFloat(style.outlineOffset) || 0;
  const halo =
    outline > 0 ? framed(box, frame, outline, around + outline / 2, style.outlineColor, radiusOf(style, box)) : "";
  const [first] = sides;
  if (first.width > 0 && sides.every(({ width, colour }) => width === first.width && colour === first.colour))
    return halo + framed(box, frame, first.width, -first.width / 2, first.colour, radiusOf(style, box));
  const { left, top, width, height } = box;
  const [above, right, below, before] = sides;
  return (
    halo +
    bar({ left, top, width, height: above.width }, above.colour, frame) +
    bar({ left: left + width - right.width, top, width: right.width, height }, right.colour, frame) +
    bar({ left, top: top + height - below.width, width, height: below.width }, below.colour, frame) +
    bar({ left, top, width: before.width, height }, before.colour, frame)
  );
}

function framed(box: Box, frame: Frame, width: number, out: number, colour: string, radius: number): string {
  const { left, top } = box;
  const larger = { left: left - out, top: top - out, width: box.width + 2 * out, height: box.height + 2 * out };
  return rect(larger, frame, { fill: "none", stroke: colour, "stroke-width": width, rx: radius });
}

function bar(box: Box, colour: string, frame: Frame): string {
  return box.width > 0 && box.height > 0 && colour !== CLEAR ? rect(box, frame, { fill: colour }) : "";
}

/** Pictures, and the gradients that backgrounds are made of. */
export function imageOf(element: Element, box: Box, style: CSSStyleDeclaration, frame: Frame): string {
  const place = { x: box.left - frame.left, y: box.top - frame.top, width: box.width, height: box.height };
  if (element instanceof HTMLImageElement)
    return `<image ${attributes({ ...place, href: element.src })} preserveAspectRatio="none"/>`;
  return backgroundOf(box, style, frame);
}

const COLOUR = String.raw`rgba?\([^)]*\)|color\([^)]*\)|#[0-9a-f]+`;

function backgroundOf(box: Box, style: CSSStyleDeclaration, frame: Frame): string {
  const { backgroundImage } = style;
  const knob = KNOB.exec(backgroundImage);
  if (knob !== null) {
    const [cx, cy, r] = [knob[1], knob[2], knob[4]].map(Number);
    const place = { cx: box.left - frame.left + cx, cy: box.top - frame.top + cy, r, fill: knob[3] };
    return `<circle ${attributes(place)}/>`;
  }
  if (!backgroundImage.startsWith("linear-gradient(")) return "";
  const [first] = backgroundImage.split(/, (?=\w+-gradient\()/);
  const colours = first.match(new RegExp(COLOUR, "g")) ?? [];
  const fill = colours.every((one) => one === colours[0]) ? colours[0] : gradientOf(first, colours, frame);
  return rect(placedIn(box, style), frame, { fill });
}

const KNOB = new RegExp(String.raw`^radial-gradient\(circle at ([\d.]+)px ([\d.]+)px, (${COLOUR}) ([\d.]+)px`);

/** Defines a gradient; what fills a box with it. */
function gradientOf(text: string, colours: readonly string[], frame: Frame): string {
  const id = `clip${frame.clips.length}`;
  const isAcross = /^linear-gradient\((to right|to left|90deg|270deg)/.test(text);
  const isBack = /^linear-gradient\((to top|to left|0deg|270deg)/.test(text);
  const stops = (isBack ? [...colours].reverse() : colours).map(
    (colour, at) => `<stop ${attributes({ offset: at / (colours.length - 1), "stop-color": colour })}/>`,
  );
  const way = isAcross ? { x2: 1, y2: 0 } : { x2: 0, y2: 1 };
  frame.clips.push(`<linearGradient ${attributes({ id, x1: 0, y1: 0, ...way })}>${stops.join("")}</linearGradient>`);
  return `url(#${id})`;
}

/** Where in a box its background is: all of it, or one piece that is not repeated. */
function placedIn({ left, top, width, height }: Box, style: CSSStyleDeclaration): Box {
  if (!style.backgroundRepeat.startsWith("no-repeat")) return { left, top, width, height };
  const [across, down] = first(style.backgroundSize);
  const [x, y] = first(style.backgroundPosition);
  const size = { width: lengthOf(across, width, width), height: lengthOf(down, height, height) };
  return {
    left: left + lengthOf(x, width - size.width, 0),
    top: top + lengthOf(y, height - size.height, 0),
    ...size,
  };
}

const first = (list: string) => list.split(",")[0].split(" ");

function lengthOf(text: string | undefined, whole: number, auto: number): number {
  const number = Number.parseFloat(text ?? "");
  return Number.isNaN(number) ? auto : text?.endsWith("%") ? (whole * number) / 100 : number;
}

/** The rings round a box, or within it, that shadows without blur are. */
export function ringsOf(box: Box, style: CSSStyleDeclaration, frame: Frame): string {
  const ring = new RegExp(String.raw`(${COLOUR}) 0px 0px 0px ([\d.]+)px( inset)?`, "g");
  return [...style.boxShadow.matchAll(ring)]
    .reverse()
    .map(([, colour, spread, inset]) => {
      const width = Number(spread);
      return framed(box, frame, width, inset ? -width / 2 : width / 2, colour, radiusOf(style, box));
    })
    .join("");
}

/** The box before or behind the content of an element. No more can be asked of it than its style. */
export function pseudoOf(element: Element, which: "::before" | "::after", frame: Frame): string {
  const style = getComputedStyle(element, which);
  const [width, height] = [style.width, style.height].map(Number.parseFloat);
  if (style.content === "none" || style.content === "normal" || !(width > 0) || style.opacity === "0") return "";
  const box = { ...placeOf(element, style, which, width, height), width, height };
  const drawn = boxOf(box, style, frame) + borderOf(box, style, frame) + backgroundOf(box, style, frame);
  const said = saidBy(element, style.content);
  const text = said === "" ? "" : wordIn(said, box, style, frame);
  const turn = style.transform === "none" ? "" : turned(box, style.transform, frame);
  const all = drawn + text;
  return all && `<g ${attributes({ opacity: style.opacity, transform: turn || undefined })}>${all}</g>`;
}

/** The text of such a box: browsers tell it as it is written in the style, or as what that comes to. */
function saidBy(element: Element, content: string): string {
  const name = /^attr\(([\w-]+)\)$/.exec(content)?.[1];
  if (name !== undefined) return element.getAttribute(name) ?? "";
  return /^"(.*)"$/s.exec(content)?.[1].replace(/\\(.)/gs, "$1") ?? "";
}

function wordIn(text: string, { left, top, width, height }: Box, style: CSSStyleDeclaration, frame: Frame): string {
  const place = {
    x: left - frame.left + width / 2,
    y: top - frame.top + height / 2,
    "text-anchor": "middle",
    dy: "0.35em",
  };
  const font = { "font-family": fontsOf(style), "font-size": style.fontSize, "font-weight": style.fontWeight };
  return `<text ${attributes({ ...place, ...font, fill: style.color })}>${escaped(text)}</text>`;
}

function placeOf(element: Element, style: CSSStyleDeclaration, which: string, width: number, height: number) {
  if (style.position !== "absolute") {
    const { left, right, top, height: all } = element.getBoundingClientRect();
    return { left: which === "::before" ? left : right - width, top: top + (all - height) / 2 };
  }
  let block: Element = element;
  while (getComputedStyle(block).position === "static" && block.parentElement) block = block.parentElement;
  const { left, top } = block.getBoundingClientRect();
  return { left: left + Number.parseFloat(style.left), top: top + Number.parseFloat(style.top) };
}

function turned({ left, top, width, height }: Box, matrix: string, frame: Frame): string {
  const [x, y] = [left - frame.left + width / 2, top - frame.top + height / 2];
  return `translate(${x} ${y}) ${matrix} translate(${-x} ${-y})`;
}

function radiusOf(style: CSSStyleDeclaration, { width, height }: Box): number {
  return Math.min(Number.parseFloat(style.borderTopLeftRadius) || 0, width / 2, height / 2);
}

function rect(box: Box, frame: Frame, look: Record<string, string | number | undefined>): string {
  const place = { x: box.left - frame.left, y: box.top - frame.top, width: box.width, height: box.height };
  return `<rect ${attributes({ ...place, ...look, rx: look.rx || undefined })}/>`;
}
