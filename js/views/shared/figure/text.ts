import { attributes, escaped, type Frame, fontsOf } from "./xml.js";

interface Line {
  text: string;
  rect: DOMRect;
}

/** The text of a node, line by line as it is broken on the screen. */
export function textsOf(node: Text, frame: Frame): string {
  const style = getComputedStyle(node.parentElement as Element);
  return linesOf(node)
    .map((line) => drawLine(line, style, frame))
    .join("");
}

/** Words that stand at one height are a line. */
function linesOf(node: Text): Line[] {
  const range = document.createRange();
  const lines: Line[] = [];
  for (const { 0: word, index } of node.data.matchAll(/\S+\s*/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.trimEnd().length);
    const rect = range.getBoundingClientRect();
    const last = lines.at(-1);
    if (last !== undefined && Math.abs(last.rect.top - rect.top) < rect.height / 2) {
      last.text += word;
      last.rect = new DOMRect(last.rect.left, last.rect.top, rect.right - last.rect.left, last.rect.height);
    } else if (rect.width > 0) lines.push({ text: word, rect });
  }
  return lines;
}

function drawLine({ text, rect }: Line, style: CSSStyleDeclaration, frame: Frame): string {
  const shown = style.textTransform === "uppercase" ? text.toUpperCase() : text;
  const isUpright = style.writingMode !== "horizontal-tb";
  const [length, thickness] = isUpright ? [rect.height, rect.width] : [rect.width, rect.height];
  const down = baseline(style) * thickness;
  const [x, y] = [rect.left - frame.left, rect.top - frame.top];
  // Vertical text of ours reads from below.
  const place = isUpright ? { transform: `translate(${x + down} ${y + length}) rotate(-90)` } : { x, y: y + down };
  const look = attributes({
    ...place,
    "font-family": fontsOf(style),
    "font-size": style.fontSize,
    "font-weight": style.fontWeight === "400" ? undefined : style.fontWeight,
    "font-style": style.fontStyle === "normal" ? undefined : style.fontStyle,
    fill: style.color,
    textLength: length, // where another font has to do
    lengthAdjust: "spacingAndGlyphs",
  });
  return `<text ${look} style="white-space:pre">${escaped(shown.trimEnd())}</text>`;
}

const measure = new Map<string, number>();

/** Where the baseline is in a line of a font, as a share of its height. */
function baseline({ font }: CSSStyleDeclaration): number {
  const known = measure.get(font);
  if (known !== undefined) return known;
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return 0.8;
  context.font = font;
  const { fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = context.measureText("x");
  measure.set(font, above / (above + below));
  return above / (above + below);
}
