#!/bin/sh
# Makes docs/editor.png: VS Code with the extension and the server that $DLM names, seen by Chromium. VS Code is the
# one in code-server, built once into $CACHE (300 MB, some minutes; as root, for Debian's packages).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
DLM=$(realpath "${DLM:-$(command -v dlm)}")
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dlm-picture}
mkdir -p "$CACHE"
cd "$CACHE"

if [ ! -e built ]; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core g++ make \
        libkrb5-dev libsecret-1-dev libx11-dev libxkbfile-dev > /dev/null
    npm init -y > /dev/null
    npm install --ignore-scripts --no-fund --no-audit code-server@4.99.4 puppeteer-core@24.43.1
    code=$CACHE/node_modules/code-server/lib/vscode
    (cd "$code" && npm install --omit=dev --ignore-scripts --no-fund --no-audit)
    (cd "$code/extensions" && npm install --omit=dev --ignore-scripts --no-fund --no-audit)
    # The headers are those beside the running node: nothing is fetched.
    npm_config_nodedir=$(dirname "$(dirname "$(realpath "$(command -v node)")")")
    export npm_config_nodedir
    gyp=$(npm root -g)/npm/node_modules/node-gyp/bin/node-gyp.js
    (cd node_modules/argon2 && npx --no-install node-pre-gyp rebuild --build-from-source)
    for module in @vscode/spdlog node-pty native-watchdog @parcel/watcher kerberos; do
        (cd "$code/node_modules/$module" && node "$gyp" rebuild)
    done
    touch built
fi

(cd "$root/lsp/editors/vscode" && { [ -d node_modules ] || npm ci; } && npm run package --silent > /dev/null)
rm -rf extensions data work
mkdir -p extensions data/User work
cp "$here/picture.dlm" work/digits.dlm
cat > data/User/settings.json << END
{
    "dlm.program": "$DLM",
    "security.workspace.trust.enabled": false, "telemetry.telemetryLevel": "off", "update.mode": "none",
    "workbench.startupEditor": "none", "workbench.tips.enabled": false, "workbench.colorTheme": "Default Light Modern",
    "workbench.activityBar.location": "hidden", "workbench.statusBar.visible": false,
    "window.menuBarVisibility": "hidden", "window.commandCenter": false, "breadcrumbs.enabled": false, "workbench.layoutControl.enabled": false,
    "editor.minimap.enabled": false, "editor.fontFamily": "DejaVu Sans Mono", "editor.fontSize": 13,
    "[dlm]": { "editor.rulers": [] }, "editor.guides.indentation": false, "editor.renderLineHighlight": "none",
    "editor.stickyScroll.enabled": false, "editor.scrollBeyondLastLine": false, "editor.scrollbar.vertical": "hidden",
    "editor.overviewRulerBorder": false, "editor.hideCursorInOverviewRuler": true, "editor.cursorBlinking": "solid",
    "editor.bracketPairColorization.enabled": false, "editor.matchBrackets": "never", "editor.renderFinalNewline": "off"
}
END
server="node node_modules/code-server/out/node/entry.js --extensions-dir extensions --user-data-dir data"
$server --install-extension "$root/lsp/editors/vscode/dlm.vsix"
port=${PORT:-18080}
$server --auth none --bind-addr "127.0.0.1:$port" --disable-telemetry --disable-update-check \
    --disable-getting-started-override work > server.log 2>&1 &
pid=$!
trap 'kill $pid' EXIT
NODE_PATH="$CACHE/node_modules" timeout 180 node "$here/picture.mjs" \
    "http://127.0.0.1:$port/?folder=$CACHE/work" "${1:-$root/docs/editor.png}"
