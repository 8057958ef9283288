#!/bin/sh
# Installs what tests/editors/run.sh needs and is not there yet: editors, Node and Python's venv from Debian (as
# root), a Python with pytest-lsp in tests/editors/.venv, and the packages of the VS Code extension in its folder.
set -eu
cd "$(dirname "$0")"

absent=
command -v nvim > /dev/null || absent="$absent neovim"
command -v emacs > /dev/null || absent="$absent emacs-nox"
emacs -Q --batch -l ./eglot.el > /dev/null 2>&1 || absent="$absent elpa-eglot"
command -v node > /dev/null || absent="$absent nodejs"
command -v npm > /dev/null || absent="$absent npm"
"${PYTHON:-python3}" -c 'import ensurepip, venv' > /dev/null 2>&1 || absent="$absent python3-venv"
if [ -n "$absent" ]; then
    if ! command -v apt-get > /dev/null; then
        echo "this is no Debian: install by hand$absent" >&2
        exit 1
    fi
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $absent > /dev/null
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
