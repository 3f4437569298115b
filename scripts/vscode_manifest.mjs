// Puts beside the bundles for VS Code what a package of them needs: the manifest, with the version that is this project's,
// and the texts.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";

const FOLDER = "build/vscode";
const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const { devDependencies: _, private: __, ...manifest } = JSON.parse(readFileSync("js/vscode/package.json", "utf8"));
writeFileSync(`${FOLDER}/package.json`, `${JSON.stringify({ ...manifest, version }, null, 2)}\n`);
copyFileSync("js/vscode/README.md", `${FOLDER}/README.md`);
copyFileSync("LICENSE", `${FOLDER}/LICENSE`);
copyFileSync("python/headscope/static/LICENSES.txt", `${FOLDER}/LICENSES.txt`);
