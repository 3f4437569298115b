/** Where sentences and paragraphs begin: the rules of python/headscope/answers/levels.py. */
import type { Side } from "../store/meta.js";

const BLANK_LINES = /\n(?:[^\S\n]*\n)+/gu;
const LINE_BREAKS = /\n(?:[^\S\n]*\n)*/gu;
/**
 * Marks, what they are quoted in, and line breaks. Group 1 is what goes on behind, in text written with spaces. It looks
 * at the first mark of several only, so that a text of nothing but marks is read in one pass.
 */
const SENTENCE_END = /(?<![.!?…])[.!?…]+["'’”»)\]*_]*(?=\s+(\S))(?:[^\S\n]*\n)*|[。！？]+[」』”）]*/gu;
/** Text that ends with a full stop and not with a sentence: an initial, or one of a few abbreviations. */
const ABBREVIATED = /[\s(["'](?:[\p{L}\p{Nl}\p{No}]|Mrs?|Ms|Dr|Prof|St|vs|cf|[Ff]igs?|[Vv]ol|[Ee]q|pp|e\.g|i\.e)\.$/u;
const LOOKED_BACK = 12;

type Tokens = Pick<Side, "texts" | "special" | "segments" | "words" | "kind">;

/** Edges of the sentences and the paragraphs of a text, of those of which there are two. */
export function levelsOf(tokens: Tokens): NonNullable<Side["levels"]> {
  if (tokens.kind !== undefined && tokens.kind !== "text") return {};
  const pieces = piecesOf(tokens);
  const text = pieces.join("");
  const starts = startsOf(pieces);
  const breaks = text.trim().search(BLANK_LINES) >= 0 ? BLANK_LINES : LINE_BREAKS;
  const paragraphs = [...text.matchAll(breaks)].map(endOf);
  const isCased = /\p{Uppercase}/u.test(text);
  const ends = [...text.matchAll(SENTENCE_END)].filter((match) => isEnd(text, match, isCased)).map(endOf);
  const { segments } = tokens;
  const ofPair = pieces.flatMap((_, at) =>
    segments !== null && at > 0 && segments[at] !== segments[at - 1] ? [at] : [],
  );
  const edges = (offsets: number[]) => edgesOf([...positionsOf(starts, text, offsets), ...ofPair], pieces.length);
  const found = { sentence: edges([...paragraphs, ...ends]), paragraph: edges(paragraphs) };
  return Object.fromEntries(Object.entries(found).filter(([, some]) => some.length > 2));
}

function endOf(match: RegExpMatchArray): number {
  return (match.index ?? 0) + match[0].length;
}

/** What each token adds to the text; special tokens add nothing. */
function piecesOf({ texts, special, words }: Tokens): string[] {
  const pieces = texts.map((text, at) => (special[at] === 1 ? "" : text));
  if (pieces.some((piece) => /\s/u.test(piece))) return pieces;
  // The tokenizer dropped the spaces: words stand for them, so that a mark before a word is known to be its end.
  const isNew = (at: number) => at > 0 && words[at] !== words[at - 1];
  return pieces.map((piece, at) => (isNew(at) && /^[\p{L}\p{N}]/u.test(piece) ? ` ${piece}` : piece));
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

/** The first token that begins at each offset of the text, or after it. */
function positionsOf(starts: readonly number[], text: string, offsets: readonly number[]): number[] {
  const ascending = offsets.filter((offset) => offset < text.length).sort((a, b) => a - b);
  let at = 0;
  return ascending.map((offset) => {
    while (starts[at] < offset) at += 1;
    return at;
  });
}

function edgesOf(positions: readonly number[], count: number): number[] {
  return [...new Set([0, count, ...positions.filter((at) => at < count)])].sort((a, b) => a - b);
}
