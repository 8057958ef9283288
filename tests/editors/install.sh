#!/bin/sh
# Installs what tests/editors/run.sh needs and is not there yet: editors from Debian (as root), a Python with
# pytest-lsp and a newer Neovim in tests/editors/.venv, and the packages of the VS Code extension.
set -eu
cd "$(dirname "$0")"

absent=
command -v nvim > /dev/null || absent="$absent neovim"
command -v emacs > /dev/null || absent="$absent emacs-nox"
command -v node > /dev/null || absent="$absent nodejs npm"
emacs -Q --batch --eval '(progn (package-initialize) (kill-emacs (if (locate-library "eglot") 0 1)))' 2> /dev/null ||
    [ -d /usr/share/emacs/site-lisp/elpa/eglot-1.9 ] || absent="$absent elpa-eglot"
if [ -n "$absent" ]; then
    if command -v apt-get > /dev/null; then
        apt-get update -qq
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $absent > /dev/null
    else
        echo "install by hand:$absent" >&2
    fi
fi

if ! cmp -s requirements.txt .venv/requirements.txt; then
    rm -rf .venv
    "${PYTHON:-python3}" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
    cp requirements.txt .venv/requirements.txt
fi

cd ../../lsp/editors/vscode
if ! cmp -s package-lock.json node_modules/.of-lock.json; then
    npm ci --no-fund --no-audit --loglevel error
    cp package-lock.json node_modules/.of-lock.json
fi
