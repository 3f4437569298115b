import { imageOf } from "./boxes.js";
import { attributes, escaped, type Frame, fontsOf } from "./xml.js";

/** What stands in a field, which has no text of its own, and the handle of a slider. */
export function fieldOf(field: Element, rect: DOMRect, style: CSSStyleDeclaration, frame: Frame): string {
  if (field instanceof HTMLSelectElement) return wordOf(field.selectedOptions[0]?.text ?? "", rect, style, frame);
  if (!(field instanceof HTMLInputElement)) return "";
  if (field.type !== "range") return wordOf(field.value, rect, style, frame);
  const [least, most] = [Number(field.min || 0), Number(field.max || 100)];
  const share = (field.valueAsNumber - least) / (most - least || 1);
  const handle = {
    cx: rect.left - frame.left + HANDLE + share * (rect.width - 2 * HANDLE),
    cy: rect.top - frame.top + rect.height / 2,
    r: HANDLE,
    fill: style.getPropertyValue("--ink").trim(),
  };
  return `${imageOf(field, rect, style, frame)}<circle ${attributes(handle)}/>`;
}

/** Half of the handle of a slider (shared.css). */
const HANDLE = 5;

function wordOf(text: string, rect: DOMRect, style: CSSStyleDeclaration, frame: Frame): string {
  const isMiddle = style.textAlign === "center";
  const place = {
    x: rect.left - frame.left + (isMiddle ? rect.width / 2 : Number.parseFloat(style.paddingLeft)),
    y: rect.top - frame.top + rect.height / 2,
    "text-anchor": isMiddle ? "middle" : undefined,
    dy: "0.35em",
    fill: style.color,
    "font-family": fontsOf(style),
    "font-size": style.fontSize,
    "font-weight": style.fontWeight === "400" ? undefined : style.fontWeight,
  };
  return text === "" ? "" : `<text ${attributes(place)}>${escaped(text)}</text>`;
}
