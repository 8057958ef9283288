#!/bin/sh
# Headless Neovim with lsp/editors/neovim and the server that $DLM names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
EDITORS=$(cd "$here/../../lsp/editors" && pwd)
FIXTURE=$(mktemp -d)
trap 'rm -rf "$FIXTURE"' EXIT
cp "$here"/fixture/*.dlm "$FIXTURE"
export EDITORS FIXTURE DLM
XDG_STATE_HOME="$FIXTURE/.state" XDG_DATA_HOME="$FIXTURE/.data" XDG_CONFIG_HOME="$FIXTURE/.config" \
    timeout 120 "${NVIM:-nvim}" --headless -n -u "$here/init.vim" -c "luafile $here/neovim.lua"
