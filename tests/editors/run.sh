#!/bin/bash
# The editors with the server, without a screen. $DLM names the command, or else the one on the path is taken.
#
#     DLM=target/release/dlm tests/editors/run.sh [--install] [grammar package settings server neovim neovim11 emacs]
#
# What needs a tool that is not there is left out and named; with DLM_REQUIRE_EDITORS=1 it fails.
# --install installs it before.
set -uo pipefail
cd "$(dirname "$0")"

if [ "${1:-}" = --install ]; then
    shift
    sh install.sh || exit 1
fi
DLM=${DLM:-$(command -v dlm || true)}
[ -z "$DLM" ] || DLM=$(realpath "$DLM")
export DLM
vscode=../../lsp/editors/vscode
passed=0 failed=0 skipped=0

# The tools that a part needs, and the part.
part() {
    local name=$1 needs=$2 absent=
    shift 2
    for need in $needs; do
        case $need in
            dlm) [ -x "$DLM" ] || absent="$absent the command \`dlm\` (\$DLM names it)," ;;
            packages) [ -d $vscode/node_modules ] || absent="$absent $vscode/node_modules," ;;
            venv) [ -x .venv/bin/pytest ] || absent="$absent tests/editors/.venv," ;;
            *) command -v "$need" > /dev/null || absent="$absent $need," ;;
        esac
    done
    printf '\n==== %s\n' "$name"
    if [ -n "$absent" ]; then
        echo "left out for want of${absent%,}; tests/editors/install.sh installs what can be installed"
        skipped=$((skipped + 1))
    elif "$@"; then
        passed=$((passed + 1))
    else
        echo "$name FAILED"
        failed=$((failed + 1))
    fi
}

grammar() { (cd $vscode && npm test --silent) && node scopes.mjs; }
package() { (cd $vscode && npm run package --silent > /dev/null) && node package.mjs $vscode/dlm.vsix; }
settings() { python3 settings.py; }
server() { .venv/bin/python -B -m pytest -c pytest.ini test_server.py; }

for name in ${*:-grammar package settings server neovim neovim11 emacs}; do
    case $name in
        grammar) part "VS Code: colours" "node packages dlm" grammar ;;
        package) part "VS Code: the package" "node python3 packages" package ;;
        settings) part "Helix and Zed: settings" "python3 dlm" settings ;;
        server) part "the server, by pytest-lsp" "venv dlm" server ;;
        neovim) part "Neovim of the system" "nvim dlm" sh neovim.sh ;;
        neovim11) part "Neovim 0.11" "venv dlm" env NVIM="$PWD/.venv/bin/nvim" sh neovim.sh ;;
        emacs) part "Emacs" "emacs dlm" sh emacs.sh ;;
        *) echo "no part is called $name" >&2; exit 2 ;;
    esac
done

printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed = 0 ] && { [ $skipped = 0 ] || [ -z "${DLM_REQUIRE_EDITORS:-}" ]; }
