/** What is used of packages that `make test-hosts` installs, beside the repository's own. */
declare module "@jupyterlab/services" {
  export interface Message {
    header: { msg_type: string };
    content: { text?: string; ename?: string; evalue?: string; data?: Record<string, { model_id: string }> };
    buffers?: unknown[];
  }
  export interface Comm {
    open(data: unknown, metadata: unknown): unknown;
  }
  interface Serializer {
    serialize(message: Message, protocol?: string): string | ArrayBuffer;
    deserialize(data: ArrayBuffer, protocol?: string): Message;
  }
  interface Settings {
    baseUrl: string;
    wsUrl: string;
    token: string;
    appendToken: boolean;
    WebSocket: unknown;
    serializer: { serialize(message: Message): unknown; deserialize(data: never): unknown };
  }
  export namespace ServerConnection {
    function makeSettings(settings: Partial<Settings>): Settings & { serializer: Serializer };
  }
  export class KernelConnection {
    constructor(options: { model: { id: string; name: string }; serverSettings: Settings });
    readonly info: Promise<unknown>;
    requestExecute(what: { code: string }): { onIOPub: (message: Message) => void; done: Promise<unknown> };
    registerCommTarget(name: string, opened: (comm: Comm, message: Message) => Promise<unknown>): void;
    createComm(target: string, id: string): Comm;
  }
}

declare module "@jupyter-widgets/base" {
  export const shims: { services: { Comm: new (comm: unknown) => unknown } };
}

declare module "@jupyter-widgets/html-manager" {
  export class HTMLManager {
    constructor(options: { loader: (name: string) => Promise<unknown> });
    readonly comm_target_name: string;
    handle_comm_open(comm: unknown, message: unknown): Promise<unknown>;
    get_model(id: string): Promise<unknown>;
    create_view(model: unknown): Promise<unknown>;
    display_view(view: unknown, element: HTMLElement): Promise<void>;
  }
}
