import { expect, type Locator } from "@playwright/test";

/**
 * What must hold of every picture of ours, as the page has it now. Tooltips and what only screen readers see are left out.
 *
 * - No two pieces of text overlap: the boxes of their lines, less the space above and below the letters.
 * - No text is cut off, unless it ends in an ellipsis and its whole is in the name or the hint of an element round it.
 * - Text has a contrast of at least 4.5 with what is behind it; controls that can do nothing are exempt, as in WCAG.
 */
export async function audit(root: Locator): Promise<void> {
  await expect(root).toBeVisible();
  expect(await problems(root)).toEqual([]);
}

/** What breaks the rules, in words. */
export function problems(root: Locator): Promise<string[]> {
  return root.evaluate(problemsIn);
}

/** Runs in the page, so it is whole in itself. */
function problemsIn(root: Element): string[] {
  interface Piece {
    text: string;
    element: Element;
    boxes: DOMRect[];
  }
  const SLACK = 1.5; // pixels: letters reach over their box by less, and rounding takes some

  const clipsText = (style: CSSStyleDeclaration) => style.overflowX !== "visible" || style.overflowY !== "visible";
  const ancestors = (element: Element): Element[] => {
    const found: Element[] = [];
    for (let at: Element | null = element; at !== null && at !== root.parentElement; at = at.parentElement)
      found.push(at);
    return found;
  };
  const isLeftOut = (element: Element) =>
    element.closest('[role="tooltip"], .unseen, option, [hidden]') !== null ||
    !element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  const pieces: Piece[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.textContent?.trim() ?? "";
    const element = node.parentElement;
    if (text === "" || element === null || isLeftOut(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    pieces.push({ text, element, boxes: [...range.getClientRects()].filter((box) => box.width > 0) });
  }

  /** The part of a box that is in sight. */
  const seen = (box: DOMRect, element: Element): DOMRect => {
    let { left, top, right, bottom } = box;
    for (const one of ancestors(element)) {
      if (!clipsText(getComputedStyle(one))) continue;
      const clip = one.getBoundingClientRect();
      [left, right] = [Math.max(left, clip.left), Math.min(right, clip.right)];
      [top, bottom] = [Math.max(top, clip.top), Math.min(bottom, clip.bottom)];
    }
    return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
  };

  const overlaps = (): string[] => {
    const letters = pieces.flatMap((piece) =>
      piece.boxes.map((box) => {
        const { text, element } = piece;
        const { left, right, top, bottom, height } = seen(box, element);
        return { text, piece, left, right, top: top + height * 0.2, bottom: bottom - height * 0.2 };
      }),
    );
    const found: string[] = [];
    letters.forEach((a, index) => {
      for (const b of letters.slice(index + 1)) {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (a.piece !== b.piece && across > SLACK && down > SLACK) found.push(`"${a.text}" overlaps "${b.text}"`);
      }
    });
    return found;
  };

  const isCut = (box: DOMRect, clip: DOMRect) =>
    box.left < clip.left - SLACK ||
    box.right > clip.right + SLACK ||
    box.top + box.height * 0.2 < clip.top - SLACK ||
    box.bottom - box.height * 0.2 > clip.bottom + SLACK;
  const isSaidWhole = (text: string, element: Element) =>
    ancestors(element).some((one) =>
      ["aria-label", "data-hint", "title"].some((name) => one.getAttribute(name)?.includes(text)),
    );
  const isScrolled = ({ overflowX, overflowY }: CSSStyleDeclaration) => /auto|scroll/.test(overflowX + overflowY);

  /**
   * From the inside out, up to what one can scroll, or an ellipsis whose whole text is said: what is further out cuts
   * nothing more.
   */
  const clippers = (text: string, element: Element): Element[] => {
    const isSaid = isSaidWhole(text, element);
    const all = ancestors(element);
    const ending = all.findIndex((one) => {
      const style = getComputedStyle(one);
      return isScrolled(style) || (isSaid && style.textOverflow === "ellipsis");
    });
    return ending >= 0 ? all.slice(0, ending) : all;
  };

  const cuts = (): string[] =>
    pieces.flatMap(({ text, element, boxes }) =>
      clippers(text, element).flatMap((one) => {
        const style = getComputedStyle(one);
        if (one !== root && !clipsText(style)) return [];
        const clip = one.getBoundingClientRect();
        return boxes.some((box) => isCut(box, clip))
          ? [`"${text}" is cut off by .${one.className || one.tagName}`]
          : [];
      }),
    );

  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const channels = (colour: string): number[] => {
    if (context === null) return [];
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].map((byte) => byte / 255);
  };
  const over = (top: number[], below: number[], alpha = top[3]) =>
    [0, 1, 2].map((at) => top[at] * alpha + below[at] * (1 - alpha)).concat(1);
  const luminance = (colour: number[]) => {
    const [red, green, blue] = colour.map((share) =>
      share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const hostOf = (element: Element) => {
    const owner = element.getRootNode();
    return owner instanceof ShadowRoot ? owner.host : null;
  };
  const behind = (element: Element): number[] => {
    const backgrounds: string[] = [];
    for (let at: Element | null = element; at !== null; at = at.parentElement ?? hostOf(at)) {
      backgrounds.unshift(getComputedStyle(at).backgroundColor);
    }
    return backgrounds.reduce((below, background) => over(channels(background), below), [1, 1, 1, 1]);
  };
  const isOff = (element: Element) => element.closest(':disabled, [aria-disabled="true"]') !== null;

  const pale = (): string[] =>
    pieces.flatMap(({ text, element }) => {
      if (isOff(element)) return [];
      const style = getComputedStyle(element);
      const background = behind(element);
      const ink = channels(element instanceof SVGElement ? style.fill : style.color);
      const opacity = ancestors(element).reduce((all, one) => all * Number(getComputedStyle(one).opacity), 1);
      const [a, b] = [luminance(over(ink, background, ink[3] * opacity)), luminance(background)].sort((x, y) => y - x);
      const contrast = (a + 0.05) / (b + 0.05);
      return contrast < 4.495 ? [`"${text}" has a contrast of ${contrast.toFixed(2)}`] : [];
    });

  return [...new Set([...overlaps(), ...cuts(), ...pale()])];
}
