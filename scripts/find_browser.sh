#!/bin/sh
# Prints the path of a Chromium or Chrome: the system's, else one that is installed now.
set -u

try() {
  path=$(command -v "$1" 2>/dev/null) && [ -x "$path" ] && echo "$path" && exit 0
}

look() {
  try "${CHROMIUM:-}"
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do try "$name"; done
  for folder in /Applications "$HOME/Applications"; do
    try "$folder/Google Chrome.app/Contents/MacOS/Google Chrome"
    try "$folder/Chromium.app/Contents/MacOS/Chromium"
  done
  try "$(node -p 'require("@playwright/test").chromium.executablePath()' 2>/dev/null)"
}

look
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "no browser found: installing Debian's chromium" >&2
  export DEBIAN_FRONTEND=noninteractive
  { apt-get -qq -o DPkg::Lock::Timeout=300 update && apt-get -qq -o DPkg::Lock::Timeout=300 install -y chromium; } >&2
else
  echo "no browser found: installing Playwright's chromium" >&2
  npx playwright install chromium >&2
fi
look
echo "no Chromium or Chrome: install one, or say where it is with CHROMIUM=/path/to/chrome" >&2
exit 1
