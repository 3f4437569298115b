// Bundles the widget into one ES module, and the same views for pages without a kernel into one script; beside them the
// licences of what is inside. For JupyterLab the views are a part of its own, and so are rarer deeds, which the extension
// loads when it needs them; for VS Code there are an extension and the page of its editors. No source maps: in Jupyter the
// bundle travels with every widget.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build, transform } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const STATIC = "python/headscope/static";

/** The npm packages whose code is in the bundle. */
function bundledPackages(metafile) {
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  const names = inputs.map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]);
  return [...new Set(names.filter(Boolean))].sort();
}

function licenceOf(name) {
  const folder = `node_modules/${name}`;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} is in the bundle but has no licence file`);
  return `${name}\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
}

/** Style sheets become text, minified as the code is. */
const styles = {
  name: "styles",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      // Spaces that esbuild leaves, mostly in custom properties; not in strings.
      const contents = code.replace(/("[^"]*")|(?<=[:(,/]) | (?=[)/])/g, "$1");
      return { contents, loader: "text" };
    });
  },
};

const common = {
  bundle: true,
  target: "es2022",
  minify: true,
  legalComments: "none",
  // A page with RequireJS defines `define.amd`; a dependency must not register itself there.
  define: { "define.amd": "false", HEADSCOPE_VERSION: JSON.stringify(version) },
  plugins: [styles],
  // Calls of `h` are shorter than those of the automatic runtime, by which JSX is checked.
  inject: ["scripts/elements.mjs"],
  tsconfigRaw: {
    compilerOptions: {
      jsx: "react",
      jsxFactory: "jsxElement",
      jsxFragmentFactory: "jsxFragment",
      useDefineForClassFields: false, // as in tsconfig.json
    },
  },
  metafile: true,
  logLevel: "info",
};

const { metafile } = await build({
  entryPoints: { widget: "js/widget/index.ts" },
  outdir: STATIC,
  ...common,
  format: "esm", // which is UTF-8 wherever it comes from
  charset: "utf8",
});
// A classic script, since only such a one can find its place in the page; in ASCII, so that it reads the same in every
// encoding in which a page is saved. esbuild escapes strings, not regular expressions.
const page = await build({ entryPoints: ["js/page/index.ts"], write: false, ...common, format: "iife" });
const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
writeFileSync(`${STATIC}/page.js`, page.outputFiles[0].text.replace(/[\u0080-\uffff]/g, escaped));
const lab = { outdir: "build/lab", ...common, format: "esm" };
await build({ entryPoints: { views: "js/lab/views.ts" }, ...lab });
await build({
  entryPoints: { index: "js/lab/index.ts", actions: "js/lab/actions.ts", "live/index": "js/lab/live/index.ts" },
  ...lab,
  inject: [],
  external: ["./views.js", "./actions.js", "./live/index.js", "@jupyterlab/*", "@lumino/*"], // loaded when it is needed; JupyterLab's own
});
const vscode = { outdir: "build/vscode", ...common };
await build({ entryPoints: { webview: "js/vscode/webview.ts" }, ...vscode, format: "iife", charset: "utf8" });
await build({
  entryPoints: { extension: "js/vscode/extension.ts" },
  ...vscode,
  inject: [],
  platform: "node",
  format: "cjs",
  external: ["vscode"],
});
writeFileSync(`${STATIC}/LICENSES.txt`, bundledPackages(metafile).map(licenceOf).join("\n"));
