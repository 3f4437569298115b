import type { FirstThumbnails } from "../../../js/source/thumbnails.js";
import type { PartMeta } from "../../../js/store/meta.js";
import { DEFAULTS } from "../../../js/store/settings.js";
import type { Kind } from "../../../js/views/shared/frame_state.js";
import type widget from "../../../js/widget/index.js";
import { FakeKernel, type Manners } from "./fake_kernel.js";
import { FakeModel } from "./fake_model.js";
import { SCENARIOS, type Scenario } from "./scenarios.js";
import { type Synthetic, synthesize } from "./synthetic.js";

/** How a test wants the widget to start. */
export interface Start {
  scenario: Scenario;
  /** Which view; the head view if nothing is said. */
  kind?: Kind;
  traits?: Record<string, unknown>;
  /** Whether the selected layer comes along with the widget. */
  withFirst?: boolean;
  /** Hosts before anywidget 0.11 give no signal. */
  withSignal?: boolean;
  /** How the kernel behaves at first. */
  manners?: Manners;
}

interface View {
  el: HTMLElement;
  unmount(): void;
}

/** The part of a notebook that the page plays. Tests reach it as `window.host`. */
export class Host {
  readonly model: FakeModel;
  readonly kernel: FakeKernel;
  readonly views: View[] = [];
  readonly #ending = new AbortController();
  readonly #cleanup: unknown;

  constructor(
    private readonly module: typeof widget,
    capture: Synthetic,
    private readonly start: Omit<Start, "scenario">,
  ) {
    const traits = { ...defaults(capture.meta.parts[0]), ...start.traits };
    const kind = start.kind ?? "head";
    const withFirst = start.withFirst !== false;
    const isRefused = capture.refusal(traits.layer, traits.part) !== "";
    const first = withFirst && !isRefused ? capture.packet(traits.layer, traits.part) : null;
    const pictures =
      withFirst && (kind === "model" || kind === "explorer") ? firstPictures(capture, traits.part) : null;
    this.model = new FakeModel({
      ...traits,
      kind,
      meta: capture.told,
      first: first?.header ?? {},
      // In the middle of a larger buffer, as some hosts do.
      first_data: first === null ? new DataView(new ArrayBuffer(0)) : offset(first.payload),
      first_thumbnails: pictures?.header ?? {},
      first_thumbnails_data: offset(pictures?.payload ?? new Uint8Array(0)),
    });
    this.kernel = new FakeKernel(capture, (content, buffers) => this.model.deliver(content, buffers));
    this.kernel.manners = start.manners ?? "prompt";
    this.model.onSend = (content) => this.kernel.receive(content);
    this.#cleanup = module.initialize({ model: this.model.wrapped(this), ...this.#signal(this.#ending) });
  }

  /** Shows the widget once more; returns which view it is. */
  render(parent: HTMLElement): number {
    const el = document.createElement("div");
    parent.append(el);
    const ending = new AbortController();
    const context = {};
    const cleanup = this.module.render({ model: this.model.wrapped(context), el, ...this.#signal(ending) });
    const unmount = () => {
      ending.abort();
      cleanup();
      this.model.forget(context);
      el.remove();
    };
    this.views.push({ el, unmount });
    return this.views.length - 1;
  }

  /** Ends the model, as closing the widget does. */
  close(): void {
    this.#ending.abort();
    if (typeof this.#cleanup === "function") this.#cleanup();
  }

  #signal(ending: AbortController): { signal?: AbortSignal } {
    return this.start.withSignal === false ? {} : { signal: ending.signal };
  }
}

/** The pictures of all layers that were not refused, as python/headscope/widgets/first_paint.py sends them. */
function firstPictures(capture: Synthetic, part: string): { header: FirstThumbnails; payload: Uint8Array } {
  const question = {
    part,
    size: 25,
    measure: "weight",
    pair_filter: "all",
    hide_special: false,
    reduce: "max",
  } as const;
  const layers = capture.meta.parts.find(({ name }) => name === part)?.layers ?? [];
  const made = layers.filter(({ heads }) => heads > 0).map(({ layer }) => capture.thumbnails(question, layer));
  const payload = Uint8Array.from(made.flatMap((one) => [...one.payload]));
  return { header: { question, layers: made.map(({ header }) => header) }, payload };
}

function defaults({ name, layers }: PartMeta) {
  return {
    part: name,
    layer: 0,
    heads: Array.from({ length: layers[0].heads }, (_, head) => head),
    head: 0 as number | null,
    query: null as number | null,
    key: null as number | null,
    neuron: null as number | null,
    scale: "head",
    ...DEFAULTS,
    error: "",
  };
}

function offset(payload: Uint8Array): DataView {
  const larger = new Uint8Array(payload.byteLength + 12);
  larger.set(payload, 4);
  return new DataView(larger.buffer, 4, payload.byteLength);
}

declare global {
  interface Window {
    /** The widget shown last. */
    host: Host;
    hosts: Host[];
    show(start: Start): Promise<void>;
  }
}

window.hosts = [];

/** Shows a widget below those that are there. Each evaluates the bundle anew, as Jupyter does. */
window.show = async (start) => {
  const bundle: { default: typeof widget } = await import(`/widget.js?${window.hosts.length}` as string);
  window.host = new Host(bundle.default, synthesize(SCENARIOS[start.scenario]), start);
  window.hosts.push(window.host);
  const cell = document.getElementById("cell");
  if (cell !== null) window.host.render(cell);
};
