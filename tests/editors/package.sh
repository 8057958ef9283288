#!/bin/sh
# The package of the VS Code extension, made anew.
set -eu
cd "$(dirname "$0")/../../lsp/editors/vscode"
rm -rf dist dlm.vsix
npm run package --silent > /dev/null
node ../../../tests/editors/package.mjs dlm.vsix
