import { endWidget, startWidget, type WidgetModel } from "./runtime.js";
import { showView } from "./view.js";

interface Initialize {
  model: WidgetModel;
  /** Ends with the model. Hosts older than anywidget 0.11 have none and call what is returned. */
  signal?: AbortSignal;
}

interface Render extends Initialize {
  el: HTMLElement;
}

/** The widget, as an anywidget module. Neither function ever waits for the kernel: hosts give up on those that do. */
export default {
  initialize({ model, signal }: Initialize): () => void {
    startWidget(model);
    const end = () => endWidget(model);
    signal?.addEventListener("abort", end, { once: true });
    return end;
  },

  render({ model, el, signal }: Render): () => void {
    const ending = new AbortController();
    const end = () => ending.abort();
    signal?.addEventListener("abort", end, { once: true });
    showView(model, el, ending.signal);
    return end;
  },
};
