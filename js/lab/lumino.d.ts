/** What we use of Lumino, of whose widgets and commands JupyterLab is made; it comes from JupyterLab too. */

declare module "@lumino/widgets" {
  export interface Signal<Told = unknown> {
    connect(act: (sender: unknown, told: Told) => void): unknown;
    disconnect(act: (sender: unknown, told: Told) => void): unknown;
  }
  export class Widget {
    constructor(options?: { node: HTMLElement });
    readonly node: HTMLElement;
    id: string;
    readonly isVisible: boolean;
    readonly disposed: Signal;
    addClass(name: string): void;
    /** Of its tab. */
    readonly title: { label: string; caption: string; icon: object; closable: boolean };
    readonly isDisposed: boolean;
    hide(): void;
    show(): void;
    dispose(): void;
    protected onAfterShow(message: unknown): void;
    protected onAfterAttach(message: unknown): void;
    protected onActivateRequest(message: unknown): void;
    /** Takes the widget away without disposing of it. */
    protected onCloseRequest(message: unknown): void;
  }
  export class Panel extends Widget {
    readonly widgets: readonly Widget[];
    addWidget(widget: Widget): void;
  }
}

declare module "@lumino/commands" {
  export type Args = Readonly<Record<string, unknown>>;
  export interface CommandRegistry {
    addCommand(
      id: string,
      options: {
        label: string;
        caption?: string;
        icon?: object;
        isVisible?(): boolean;
        isEnabled?(): boolean;
        execute(args: Args): Promise<unknown>;
      },
    ): void;
    execute(id: string, args?: object): Promise<unknown>;
  }
}
