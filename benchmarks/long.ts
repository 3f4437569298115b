/** The cells of the notebook that shows long texts: vectors at random, as a model of 12 heads would have them. */

/** Tokens, and how many layers of them the memory of the machine is asked for. */
export const LENGTHS = { 512: 12, 2048: 12, 8192: 12, 32768: 2 } as const;
export type Length = keyof typeof LENGTHS;

/** CPU in ms. */
export interface Both {
  kernel: number;
  page: number;
}

export interface Long {
  tokens: number;
  layers: number;
  /** From the capture's end until nothing is left to do. */
  first: Both;
  /** The page for one move of the pointer and two frames: each token. */
  hover: number[];
  /** Another layer, set by Python, until nothing is left to do. */
  change: Both;
}

export const CELLS: Record<string, string> = {
  start: `
import torch
import headscope as hs
def vectors(layers, tokens):
    torch.manual_seed(0)
    return [torch.randn(12, tokens, 64) for _ in range(layers)]
print(1)`,
  close: `
view.close()
capture.close()
del view, capture, q, k, v`,
};
for (const [tokens, layers] of Object.entries(LENGTHS)) {
  CELLS[`capture${tokens}`] = `
q, k, v = (vectors(${layers}, ${tokens}) for _ in range(3))
capture = hs.from_vectors(q, k, v, causal=True, tokens=[f"t{at}" for at in range(${tokens})])`;
  CELLS[`view${tokens}`] = `
view = hs.Explorer(capture)
view`;
}
