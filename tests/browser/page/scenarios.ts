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
  long: { tokens: Array.from({ length: 2000 }, (_, at) => ` token${at}`), layers: 2 },
  /** Query 8 of layer 1 holds NaN, layer 2 was refused, the weights of layer 3 come as they are. */
  trouble: { tokens: SENTENCE, broken: { layer: 1, query: 8 }, refused: [2], dense: 3 },
} satisfies Record<string, Options>;

export type Scenario = keyof typeof SCENARIOS;
