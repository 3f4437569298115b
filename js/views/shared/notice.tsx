import type { Loading } from "../../store/loading.js";

interface Props {
  loading: Loading;
  /** Why there is no picture, or not yet; "" where there is one. */
  text: string;
  style?: Record<string, string>;
}

/** Words in the place of a picture: an error, or what else keeps it away. */
export function Notice({ loading, text, style }: Props) {
  if (loading.state === "failed") {
    return (
      <div class="refusal" role="alert">
        {loading.error.message}
      </div>
    );
  }
  return text === "" ? null : (
    <div class="notice" role="status" style={style}>
      <span>{text}</span>
    </div>
  );
}

/** What is said where the kernel gives no sign of life. `what` is awaited, such as "the picture comes". */
export function sayBusy(loading: Loading, what: string): string {
  if (loading.state !== "pending" || loading.done > 0) return "";
  const busy = `kernel is busy; ${what} when the running cell ends`;
  if (loading.since === "busy") return busy;
  return loading.since === "silent" ? `${busy}; if the kernel was restarted, run this cell again` : "";
}
