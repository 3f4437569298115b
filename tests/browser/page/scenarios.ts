import type { Options } from "./synthetic.js";

const SENTENCE = [
  "The",
  " doctor",
  " asked",
  " the",
  " nurse",
  " a",
  " question",
  ".",
  " She",
  " said",
  " that",
  " the",
];

/** Audio has no words: frames are labelled by when they start. */
const FRAMES = Array.from({ length: 9 }, (_, at) => `${(at * 0.06).toFixed(2)} s`);

/** A class token, two registers and 196 patches. */
const PATCHES = ["[CLS]", "register 0", "register 1", ...squares(14)];
const CAPTION = ["<s>", " A", " lake", " under", " mountains", " in", " the", " evening"];

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, at) => ` token${at}`);
}

/** Sentences. */
const PAGES = Array.from({ length: 40 }, (_, sentence) =>
  Array.from({ length: 4 + ((sentence * 7) % 10) }, (__, word) => ` s${sentence}w${word}`),
);

function levelsOfPages(): { sentence: number[]; paragraph: number[] } {
  let at = 0;
  const sentence = [0, ...PAGES.map(({ length }) => (at += length))];
  return { sentence, paragraph: sentence.filter((_, index) => index % 5 === 0) };
}

function squares(side: number): string[] {
  return Array.from({ length: side * side }, (_, at) => `patch ${Math.floor(at / side)},${at % side}`);
}

function recurrent(layer: number): string {
  return `model.layers.${layer}.mamba (JambaMambaMixer) has no attention map: it mixes tokens in another way than by attention.`;
}

/** What the page can show. */
export const SCENARIOS = {
  /** Causal, 9 heads in 3 groups. */
  sentence: { tokens: SENTENCE },
  /** Two sentences with specials and sub-words, every token sees every other. */
  pair: {
    tokens: ["[CLS]", "play", "##ing", "chess", "[SEP]", "a", "game", "of", "board", "##s", "[SEP]"],
    special: [0, 4, 10],
    segments: [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
    words: [0, 1, 1, 2, 3, 4, 5, 6, 7, 7, 8],
    heads: 12,
    groups: 12,
    causal: false,
    layers: 6,
  },
  /** Text that must stay text, right-to-left text, bytes, and a word that is longer than its column. */
  odd: {
    tokens: [
      "<script>alert(1)</script>",
      " <img src=x onerror=alert(2)>",
      " مرحبا",
      " שלום",
      "\n",
      " ",
      "⟨E2⟩⟨80⟩",
      " 日本語",
      " donaudampfschifffahrtsgesellschaft",
      "&amp;",
    ],
    words: [0, 1, 2, 2, 3, 4, 5, 6, 7, 8],
  },
  heads32: { tokens: SENTENCE, heads: 32, groups: 8 },
  heads40: { tokens: SENTENCE, heads: 40, groups: 40 },
  long: { tokens: numbered(2000), layers: 2 },
  /** As a long text comes: layers in outline, tokens when they are asked for. The weights of layer 2 come in rows. */
  outline: { tokens: numbered(300), heads: 3, groups: 3, layers: 3, dense: 2, outline: true },
  /** Forty sentences of 4 to 13 tokens in eight paragraphs. */
  pages: { tokens: PAGES.flat(), levels: levelsOfPages(), heads: 3, groups: 3, layers: 2 },
  /** Query 8 of layer 1 holds NaN, layer 2 was refused, the weights of layer 3 come as they are. */
  trouble: { tokens: SENTENCE, broken: { layer: 1, query: 8 }, refused: [2], dense: 3 },
  /** A hybrid: two layers have no attention, one was refused, and the others were read in different ways. */
  hybrid: {
    tokens: SENTENCE,
    layers: 6,
    refused: [3],
    dense: 5,
    told: {
      0: { heads: 0, tier: 0, error: null, reason: recurrent(0), has_map: false },
      2: { heads: 0, tier: 0, error: null, reason: recurrent(2), has_map: false },
      4: { tier: 2 },
      5: {
        tier: 3,
        error: null,
        reason: "Its module computes a softmax of its own, of whose input no queries and keys are known.",
      },
    },
  },
  /** One mechanism each. */
  window: { tokens: SENTENCE, window: 4 },
  softcap: { tokens: SENTENCE, softcap: 1.5 },
  sink: { tokens: SENTENCE, sink: true },
  bias: { tokens: SENTENCE, bias: "head", causal: false },
  sharedBias: { tokens: SENTENCE, bias: "shared" },
  gaps: { tokens: SENTENCE, gaps: true },
  noNorms: { tokens: SENTENCE, valueNormReason: "no output projection of layers.0.self_attn was found." },
  /** An encoder of audio frames and a decoder of words. */
  speech: {
    tokens: [],
    heads: 8,
    groups: 8,
    parts: {
      encoder: { tokens: FRAMES, causal: false },
      decoder: { tokens: SENTENCE.slice(0, 5) },
      cross: { tokens: SENTENCE.slice(0, 5), keyTokens: FRAMES, causal: false },
    },
  },
  /** A few words that look at a recording much longer than the window. */
  recording: {
    tokens: [],
    parts: { cross: { tokens: SENTENCE, keyTokens: Array.from({ length: 200 }, (_, at) => `${at} s`), causal: false } },
  },
  /** Four words were given, the model wrote the rest. */
  generation: { tokens: SENTENCE, generated: 4 },
  /** A translation: the decoder's start token was given. */
  translation: {
    tokens: [],
    parts: {
      encoder: { tokens: SENTENCE.slice(0, 6), causal: false },
      decoder: { tokens: ["<s>", " Der", " Arzt", " fragte"], generated: 1 },
      cross: {
        tokens: ["<s>", " Der", " Arzt", " fragte"],
        keyTokens: SENTENCE.slice(0, 6),
        causal: false,
        generated: 1,
      },
    },
  },
  /** A vision tower. */
  vision: {
    tokens: PATCHES,
    special: [0, 1, 2],
    causal: false,
    heads: 8,
    groups: 8,
    bias: "sights",
    patches: { side: 14, first: 3 },
  },
  /** A vision-language model: a question about a picture, and what was answered. */
  looking: {
    tokens: ["<s>", "USER", ":", ...squares(8), " What", " is", " this", "?", ...CAPTION.slice(1)],
    generated: 71,
    bias: "sights",
    patches: { side: 8, first: 3 },
  },
  /** A decoder of text that looks at an encoder of patches. */
  captioning: {
    tokens: [],
    heads: 8,
    groups: 8,
    special: [0],
    parts: {
      cross: {
        tokens: CAPTION,
        keyTokens: ["[CLS]", ...squares(14)],
        causal: false,
        generated: 1,
        patches: { side: 14, first: 1, of: "keys" },
      },
    },
  },
  /** A picture that nobody can read, and one that is no data URL. */
  brokenPicture: {
    tokens: ["[CLS]", ...squares(3)],
    special: [0],
    causal: false,
    patches: { side: 3, first: 1 },
    src: "data:image/png;base64,AAAA",
    broken: { layer: 1, query: 5 },
  },
  foreignPicture: {
    tokens: ["[CLS]", ...squares(3)],
    special: [0],
    causal: false,
    patches: { side: 3, first: 1 },
    src: "http://headscope.test/picture.png",
  },
  grid30x9: { tokens: Array.from({ length: 24 }, (_, at) => ` t${at}`), layers: 30 },
  patterns: {
    tokens: Array.from({ length: 101 }, (_, at) => ` t${at}`),
    heads: 9,
    groups: 9,
    layers: 1,
    bias: "patterns",
  },
  grid1x1: { tokens: SENTENCE, heads: 1, groups: 1, layers: 1 },
  grid64x64: { tokens: SENTENCE.slice(0, 8), heads: 64, groups: 8, layers: 64 },
} satisfies Record<string, Options>;

export type Scenario = keyof typeof SCENARIOS;
