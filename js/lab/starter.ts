/** What a new attention notebook begins with. */

const CELLS: readonly (readonly ["markdown" | "code", string])[] = [
  [
    "markdown",
    `# Attention

Name a model, run the cells, and click: the picture and Python's \`view\` are one.`,
  ],
  [
    "code",
    `import headscope as hs
from transformers import AutoModel, AutoTokenizer

name = "HuggingFaceTB/SmolLM2-135M"  # of the Hugging Face hub, or a folder
model = AutoModel.from_pretrained(name)
tokenizer = AutoTokenizer.from_pretrained(name)`,
  ],
  [
    "code",
    `text = "The doctor asked the nurse a question. She said that the"
view = hs.explore(model, text, tokenizer=tokenizer)
view`,
  ],
  ["code", `view.selected.attention  # of what is selected above: a tensor [heads, queries, keys]`],
];

/** The file of the notebook, for a kernel. */
export function starter(kernel: { name: string; display_name: string; language: string }): object {
  const { name, display_name, language } = kernel;
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name, display_name, language } },
    cells: CELLS.map(([cell_type, source], index) => ({
      id: `attention-${index}`,
      cell_type,
      metadata: {},
      source,
      ...(cell_type === "code" && { outputs: [], execution_count: null }),
    })),
  };
}
