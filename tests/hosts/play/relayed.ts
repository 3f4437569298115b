/** The frame's end of relay.ts, as a socket for kernel messages. */
import type { Message } from "@jupyterlab/services";

class RelayedSocket {
  readonly protocol = "";
  readonly readyState = WebSocket.OPEN;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor() {
    addEventListener("message", ({ data }) => this.onmessage?.({ data }));
    setTimeout(() => this.onopen?.());
  }

  send(message: unknown): void {
    parent.postMessage(message, "*");
  }

  close(): void {}
}

function bytes(buffer: unknown): unknown {
  return Array.isArray(buffer) ? Uint8Array.from(buffer).buffer : buffer;
}

export const RELAYED = {
  WebSocket: RelayedSocket,
  serializer: {
    serialize: (message: Message) => message,
    deserialize: (message: Message) => ({ ...message, buffers: message.buffers?.map(bytes) ?? [] }),
  },
};
