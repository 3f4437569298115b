/** Where sentences and paragraphs begin: the rules of python/headscope/answers/levels.py. */
import type { Side } from "../store/meta.js";

/** What Python takes for a space within a line, and for any: other than this language's, which has U+FEFF among them. */
const INDENT = String.raw`\t\x0b-\r\x1c-\x1f\x85\u2028\u2029\p{Zs}`;
const SPACE = String.raw`\n${INDENT}`;
const HAS_SPACE = new RegExp(`[${SPACE}]`, "u");
const BLANK_LINES = new RegExp(`\n(?:[${INDENT}]*\n)+`, "gu");
const LINE_BREAKS = new RegExp(`\n(?:[${INDENT}]*\n)*`, "gu");
/**
 * Marks, what they are quoted in, and line breaks. Group 1 is what goes on behind, in text written with spaces. It looks
 * at the first mark of several only, so that a text of nothing but marks is read in one pass.
 */
const SENTENCE_END = new RegExp(
  String.raw`(?<![.!?…])[.!?…]+["'’”»)\]*_]*(?=[${SPACE}]+([^${SPACE}]))(?:[${INDENT}]*\n)*|[。！？]+[」』”）]*`,
  "gu",
);
/** Text that ends with a full stop and not with a sentence: an initial, or one of a few abbreviations. */
const ABBREVIATED = new RegExp(
  String.raw`[${SPACE}(["'](?:[\p{L}\p{Nl}\p{No}]|Mrs?|Ms|Dr|Prof|St|vs|cf|[Ff]igs?|[Vv]ol|[Ee]q|pp|e\.g|i\.e)\.$`,
  "u",
);
const LOOKED_BACK = 12;

type Tokens = Pick<Side, "texts" | "special" | "segments" | "words" | "kind">;

/** Edges of the sentences and the paragraphs of a text, of those of which there are two. */
export function levelsOf(tokens: Tokens): NonNullable<Side["levels"]> {
  if (tokens.kind !== undefined && tokens.kind !== "text") return {};
  const pieces = piecesOf(tokens);
  const text = pieces.join("");
  const starts = startsOf(pieces);
  const breaks = trimmed(text).search(BLANK_LINES) >= 0 ? BLANK_LINES : LINE_BREAKS;
  const paragraphs = positionsOf(starts, text, breaks);
  const isCased = /\p{Uppercase}/u.test(text);
  const sentences = positionsOf(starts, text, SENTENCE_END, (match) => isEnd(text, match, isCased));
  const { segments } = tokens;
  const ofPair = pieces.flatMap((_, at) =>
    segments !== null && at > 0 && segments[at] !== segments[at - 1] ? [at] : [],
  );
  const edges = (positions: number[]) => edgesOf([...positions, ...ofPair], pieces.length);
  const found = { sentence: edges([...paragraphs, ...sentences]), paragraph: edges(paragraphs) };
  return Object.fromEntries(Object.entries(found).filter(([, some]) => some.length > 2));
}

function endOf(match: RegExpMatchArray): number {
  return (match.index ?? 0) + match[0].length;
}

/** What each token adds to the text; special tokens add nothing. */
function piecesOf({ texts, special, words }: Tokens): string[] {
  const pieces = texts.map((text, at) => (special[at] === 1 ? "" : text));
  if (pieces.some((piece) => HAS_SPACE.test(piece))) return pieces;
  // The tokenizer dropped the spaces: words stand for them, so that a mark before a word is known to be its end.
  const isNew = (at: number) => at > 0 && words[at] !== words[at - 1];
  return pieces.map((piece, at) => (isNew(at) && /^[\p{L}\p{N}]/u.test(piece) ? ` ${piece}` : piece));
}

/** Without the spaces at both ends. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && HAS_SPACE.test(text[start])) start += 1;
  while (start < end && HAS_SPACE.test(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

/** Where each piece begins, and the end of the last. */
function startsOf(pieces: readonly string[]): number[] {
  let end = 0;
  return [0, ...pieces.map((piece) => (end += piece.length))];
}

/** Whether a mark ends a sentence: what follows does not go on in lower case, and no abbreviation stands before. */
function isEnd(text: string, match: RegExpMatchArray, isCased: boolean): boolean {
  const following = match[1];
  if (following === undefined) return true;
  if (isCased && /^\p{Lowercase}$/u.test(following)) return false;
  const from = (match.index ?? 0) - LOOKED_BACK;
  const before = from > 0 ? text.slice(from, endOf(match)) : ` ${text.slice(0, endOf(match))}`;
  return match[0] !== "." || !ABBREVIATED.test(before);
}

/** The first token that begins at each end of what is found in the text, or after it. Matches are not kept: of marks alone there are millions. */
function positionsOf(
  starts: readonly number[],
  text: string,
  pattern: RegExp,
  isWanted: (match: RegExpMatchArray) => boolean = () => true,
): number[] {
  const positions: number[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    const end = endOf(match);
    if (end >= text.length || !isWanted(match)) continue;
    while (starts[at] < end) at += 1;
    if (positions.at(-1) !== at) positions.push(at);
  }
  return positions;
}

function edgesOf(positions: readonly number[], count: number): number[] {
  return [...new Set([0, count, ...positions.filter((at) => at < count)])].sort((a, b) => a - b);
}
