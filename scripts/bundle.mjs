// Bundles the widget into one ES module, with the licences of what is inside it beside it.
// No source map: in Jupyter the bundle travels with every widget.
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
      return { contents: code, loader: "text" };
    });
  },
};

const { metafile } = await build({
  entryPoints: ["js/widget/index.ts"],
  outfile: `${STATIC}/widget.js`,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  // A page with RequireJS defines `define.amd`; a dependency must not register itself there.
  define: { "define.amd": "false", HEADSCOPE_VERSION: JSON.stringify(version) },
  plugins: [styles],
  metafile: true,
  logLevel: "info",
});
writeFileSync(`${STATIC}/LICENSES.txt`, bundledPackages(metafile).map(licenceOf).join("\n"));
