/** Serves the pages, and their libraries as npm has them, to the browser on this machine; counts the bytes. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const LIBRARIES: Record<string, string> = {
  "/libs/require.js/2.3.6/require.min.js": "requirejs/require.js",
  "/libs/d3/5.7.0/d3.min.js": "d3/dist/d3.min.js",
  "/libs/jquery/2.0.0/jquery.min.js": "jquery/dist/jquery.min.js",
};

export class Pages {
  /** Sent since it was last set to 0. */
  bytes = 0;
  private readonly server: Server;

  constructor(
    private readonly folder: string,
    private readonly packages: string,
  ) {
    this.server = createServer((request, response) => {
      const path = this.find(request.url ?? "");
      if (path === null) return void response.writeHead(404).end();
      const type = path.endsWith(".js") ? "text/javascript" : "text/html";
      response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" });
      this.bytes += statSync(path).size;
      createReadStream(path).pipe(response);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  stop(): void {
    this.server.close();
  }

  url(page: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${page}`;
  }

  private find(url: string): string | null {
    if (url in LIBRARIES) return join(this.packages, LIBRARIES[url]);
    const path = join(this.folder, url.slice(1));
    return url !== "/" && existsSync(path) ? path : null;
  }
}
