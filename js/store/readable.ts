/**
 * Names of merged words. Their sub-words come readable from Python; what their texts give together is spelled out
 * here, by the same rules (python/headscope/recording/tokens/readable.py; tests/fixtures/display.json holds both to one result).
 */

const MARKS: Record<string, string> = { " ": "·", "\n": "⏎", "\t": "⇥" };
const EMPTY = "⟨empty⟩";

// Controls, spaces other than " ", format and filler characters, lone surrogates, private use, noncharacters. The ranges are written
// out, as in Python: two Unicode databases need not agree.
const INVISIBLE = new RegExp(
  "[\\u{0}-\\u{1f}\\u{7f}-\\u{a0}\\u{ad}\\u{34f}\\u{61c}\\u{115f}\\u{1160}\\u{1680}\\u{17b4}\\u{17b5}\\u{180b}-\\u{180f}" +
    "\\u{2000}-\\u{200f}\\u{2028}-\\u{202f}\\u{205f}-\\u{206f}\\u{2800}\\u{3000}\\u{3164}\\u{d800}-\\u{f8ff}" +
    "\\u{fe00}-\\u{fe0f}\\u{feff}\\u{ffa0}\\u{fff0}-\\u{fffb}\\u{fffe}\\u{ffff}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}\\u{f0000}-\\u{10ffff}]",
  "u",
);
/** They shape the letters or emoji on both sides. */
const JOINERS = "\u200c\u200d";
/** They choose a form of the character before. */
const SELECTORS = /[\ufe00-\ufe0f]/u;
const COMBINING = /\p{M}/u;
const SPELLED_BYTES = /(?:<[89A-F][0-9A-F]>)+/g;

/** Spells out every space, break and control of `text`. Never empty. */
export function readable(text: string): string {
  const parts: string[] = [];
  const characters = [...text];
  let drawn = false; // whether the character before stands as it is
  characters.forEach((character, index) => {
    const acts = drawn && actsOnNeighbours(character, characters[index + 1] ?? "");
    const part = acts ? character : spelled(character);
    const floating = !drawn && part === character && COMBINING.test(character);
    parts.push(floating ? `◌${part}` : part);
    drawn = part.endsWith(character);
  });
  return parts.join("") || EMPTY;
}

/** Names a word by those of its sub-words that are shown (at least one). */
export function wordLabel(texts: readonly string[], labels: readonly string[]): string {
  if (labels.length > 1) return readable(joined(texts));
  return labels[0].replace(/^·(?=.)/su, "");
}

/** The texts of a word's sub-words as one; bytes that together are characters become them. */
function joined(texts: readonly string[]): string {
  const text = texts.join("").replace(/^ (?=.)/su, "");
  return text.replace(SPELLED_BYTES, decoded);
}

function decoded(spelledBytes: string): string {
  const digits = spelledBytes.match(/[0-9A-F]{2}/g) ?? [];
  try {
    const bytes = Uint8Array.from(digits, (pair) => Number.parseInt(pair, 16));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return digits.map((pair) => `⟨${pair}⟩`).join("");
  }
}

function actsOnNeighbours(character: string, following: string): boolean {
  if (JOINERS.includes(character)) return following !== "" && !(following in MARKS) && !INVISIBLE.test(following);
  return SELECTORS.test(character);
}

function spelled(character: string): string {
  if (character in MARKS) return MARKS[character];
  if (!INVISIBLE.test(character)) return character;
  const number = character.codePointAt(0) ?? 0;
  return `⟨U+${number.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
