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

interface BoundaryProps {
  /** Rendering is tried again when this changes. */
  attempt: unknown;
  children: ComponentChildren;
}

interface BoundaryState {
  attempt: unknown;
  error: Error | null;
}

/** Shows an error of rendering where the picture would have been. */
export class ErrorBoundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { attempt: undefined, error: null };

  static override getDerivedStateFromError(error: Error): Partial<BoundaryState> {
    return { error };
  }

  static override getDerivedStateFromProps(
    { attempt }: BoundaryProps,
    state: BoundaryState,
  ): Partial<BoundaryState> | null {
    return attempt === state.attempt ? null : { attempt, error: null };
  }

  override render() {
    const { error } = this.state;
    return error === null ? this.props.children : <ErrorBox error={error} />;
  }
}
