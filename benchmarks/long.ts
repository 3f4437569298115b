/** The notebook that shows long texts: what is captured in it, and what is measured of each. */

export interface Case {
  name: string;
  tokens: number;
  /** Layers x heads. */
  grid: string;
  layers: number;
  /** Python that makes `capture`. */
  code: string;
}

/** CPU in ms. */
export interface Both {
  kernel: number;
  page: number;
}

export interface Long extends Omit<Case, "code"> {
  /** MiB of the capture. */
  held: number;
  /** From the capture's end until the head view has answered the pointer and the layer's thumbnails are drawn. */
  first: Both;
  /** From the capture's end until all thumbnails are drawn and nothing is left to do. */
  whole: Both;
  /** The page for each frame after a move of the pointer, its rest among them: each move. */
  hover: number[][];
  /** The same over the widget's empty edge: what any move costs in this page, and the looking. */
  nothing: number[][];
  /** Another layer, by its button, until every pane shows it. */
  change: (Both & { wall: number })[];
  /** Of an empty message to the kernel and back, on the clock. */
  trip: number[];
  /** The map, each tile. */
  tile: Both & { count: number };
  /** MiB of the page's process above what it had before the view. */
  memory: number;
  /** Bytes of the largest message from the kernel. */
  message: number;
}

const RANDOM = "torch.randint(0, 1000, (1, {}), generator=torch.Generator().manual_seed(1))";

export const CASES: readonly Case[] = [
  {
    name: "GPT-2's shape",
    tokens: 512,
    grid: "12 x 12",
    layers: 12,
    code: `
one = transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=1000, bos_token_id=0, eos_token_id=1)).eval()
capture = hs.capture(one, ${RANDOM.replace("{}", "512")})`,
  },
  {
    name: "Llama's shape, 8 neurons a head",
    tokens: 2048,
    grid: "32 x 32",
    layers: 32,
    code: `
one = transformers.LlamaForCausalLM(transformers.LlamaConfig(
    vocab_size=1000, hidden_size=256, intermediate_size=512, num_hidden_layers=32, num_attention_heads=32)).eval()
capture = hs.capture(one, ${RANDOM.replace("{}", "2048")})`,
  },
  {
    name: "SmolLM2, English",
    tokens: 8192,
    grid: "30 x 9",
    layers: 30,
    code: `
from pydoc_data.topics import topics  # the reference of Python's language, at hand with every Python
text = "\\n\\n".join(topics[name] for name in sorted(topics))[:80_000]
inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=8192)
capture = hs.capture(model, inputs, tokenizer=tokenizer)`,
  },
  {
    name: "vectors at random",
    tokens: 32_768,
    grid: "2 x 12",
    layers: 2,
    code: `
q, k, v = ([torch.randn(12, 32_768, 64) for _ in range(2)] for _ in range(3))
capture = hs.from_vectors(q, k, v, causal=True, tokens=[f"t{at}" for at in range(32_768)])
del q, k, v`,
  },
];

/** The cells behind those of the quickstart, which has loaded SmolLM2. */
export const CELLS: Record<string, string> = {
  start: "import torch, transformers; torch.manual_seed(0); print(1)",
  ...Object.fromEntries(CASES.map(({ tokens, code }) => [`capture${tokens}`, `${code}\nprint(capture.nbytes)`])),
  ...Object.fromEntries(CASES.map(({ tokens }) => [`view${tokens}`, "view = hs.Explorer(capture)\nview"])),
  close: "view.close()\ncapture.close()\ndel view, capture",
};
