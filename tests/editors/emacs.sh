#!/bin/sh
# Emacs in batch mode with lsp/editors/emacs, eglot and the server that $DLM names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
EDITORS=$(cd "$here/../../lsp/editors" && pwd)
FIXTURE=$(mktemp -d)
trap 'rm -rf "$FIXTURE"' EXIT
cp "$here"/fixture/*.dlm "$FIXTURE"
export EDITORS FIXTURE DLM
cp "$EDITORS/emacs/dlm-mode.el" "$FIXTURE"
"${EMACS:-emacs}" -Q --batch --eval "(setq byte-compile-error-on-warn t)" -f batch-byte-compile "$FIXTURE/dlm-mode.el"
HOME="$FIXTURE" timeout 120 "${EMACS:-emacs}" -Q --batch -l "$here/emacs.el"
