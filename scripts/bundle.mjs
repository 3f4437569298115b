// Bundles the widget into one ES module. No source map: in Jupyter the bundle travels with every widget.
import { build } from "esbuild";

await build({
  entryPoints: ["js/widget/index.ts"],
  outfile: "python/headscope/static/widget.js",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  // A page with RequireJS defines `define.amd`; a dependency must not register itself there.
  define: { "define.amd": "false" },
  loader: { ".css": "text" },
  logLevel: "info",
});
