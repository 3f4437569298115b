import { Component, type ComponentChildren } from "preact";

/** An error of ours, with its stack folded away. */
export function ErrorBox({ error, onDismiss }: { error: Error; onDismiss?: () => void }) {
  return (
    <div class="error-box" role="alert">
      <p>
        <b>headscope stumbled:</b> {error.message || error.name}
      </p>
      <details>
        <summary>where</summary>
        <pre>{error.stack ?? String(error)}</pre>
      </details>
      {onDismiss && (
        <button type="button" class="text-button" onClick={onDismiss}>
          dismiss
        </button>
      )}
    </div>
  );
}

/** Shows an error of rendering where the picture would have been. */
export class ErrorBoundary extends Component<{ children: ComponentChildren }, { error: Error | null }> {
  override state = { error: null as Error | null };

  static override getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render() {
    const { error } = this.state;
    return error === null ? this.props.children : <ErrorBox error={error} />;
  }
}
