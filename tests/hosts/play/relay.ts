/**
 * The notebook round a frame of outputs: it alone is connected to the kernel, and hands messages on as structured clones.
 */
import { type Message, ServerConnection } from "@jupyterlab/services";

const query = new URLSearchParams(location.search);
const { serializer } = ServerConnection.makeSettings({});
const address = `${location.origin.replace("http", "ws")}/api/kernels/${query.get("kernel")}/channels?token=${query.get("token")}`;
const socket = new WebSocket(address, "v1.kernel.websocket.jupyter.org");
socket.binaryType = "arraybuffer";

/** VS Code hands bytes on as arrays of numbers, others as buffers of their own. */
function handedOn(buffer: unknown): number[] | ArrayBuffer {
  const bytes = buffer instanceof DataView ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : null;
  const copy = bytes?.slice() ?? new Uint8Array(buffer as ArrayBuffer);
  return query.has("numbers") ? Array.from(copy) : copy.buffer;
}

function addFrame(): void {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-downloads");
  frame.style.cssText = "width:100%;height:1150px;border:0";
  frame.src = query.get("frame") ?? "";
  socket.onmessage = ({ data }) => {
    const message: Message = serializer.deserialize(data, socket.protocol);
    frame.contentWindow?.postMessage({ ...message, buffers: message.buffers?.map(handedOn) }, "*");
  };
  addEventListener("message", ({ data, source }) => {
    if (source === frame.contentWindow) socket.send(serializer.serialize(data, socket.protocol));
  });
  document.body.append(frame);
}

socket.onopen = addFrame;
