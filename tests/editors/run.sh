#!/bin/sh
# The editors with the server, without a screen: one line for each part with how much passed, then the sum.
# $DLM names the command, or else the one on the path is taken.
#
#     DLM=target/release/dlm sh tests/editors/run.sh [grammar words package settings server neovim emacs]
#
# tests/editors/install.sh installs what they need. A part that needs what is not there is left out and named;
# with DLM_REQUIRE_EDITORS=1 that is a failure.
set -u
DLM=${DLM:-$(command -v dlm || true)}
[ -z "$DLM" ] || DLM=$(realpath "$DLM")
export DLM
cd "$(dirname "$0")" || exit 2
vscode=../../lsp/editors/vscode
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0

# Whether a tool is there; its name for people if not.
lacks() {
    case $1 in
        dlm) [ -x "$DLM" ] || echo "the command dlm, which \$DLM names" ;;
        packages) [ -f $vscode/node_modules/.of-lock.json ] || echo "the packages in lsp/editors/vscode" ;;
        venv) [ -x .venv/bin/pytest ] || echo "the Python in tests/editors/.venv" ;;
        eglot) emacs -Q --batch -l ./eglot.el > /dev/null 2>&1 || echo "Emacs with eglot" ;;
        *) command -v "$1" > /dev/null || echo "$1" ;;
    esac
}

# part TITLE TOOLS COMMAND…: the command ends with the line `N passed, N failed`.
part() {
    title=$1 absent=
    for tool in $2; do
        it=$(lacks "$tool")
        [ -z "$it" ] || absent="$absent${absent:+, }$it"
    done
    shift 2
    if [ -n "$absent" ]; then
        printf '%-28s left out for want of %s\n' "$title" "$absent"
        skipped=$((skipped + 1))
        return
    fi
    "$@" > "$log" 2>&1
    status=$?
    last=$(grep -Eo '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    good=${last%% *} bad=${last#*, } bad=${bad%% *}
    if [ $status != 0 ] || [ -z "$last" ] || [ "$good" = 0 ]; then
        cat "$log"
        [ "${bad:-0}" != 0 ] || bad=1
    fi
    printf '%-28s %s passed, %s failed\n' "$title" "${good:-0}" "${bad:-1}"
    passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-1}))
}

for name in ${*:-grammar words package settings server neovim emacs}; do
    case $name in
        grammar) part "VS Code: grammar" "node packages" sh grammar.sh ;;
        words) part "VS Code: words" "node packages dlm" node words.mjs ;;
        package) part "VS Code: package" "node npm packages" sh package.sh ;;
        settings) part "Helix, Zed: settings" "venv dlm" .venv/bin/python -B -m pytest test_settings.py ;;
        server) part "server, four clients" "venv dlm" .venv/bin/python -B -m pytest test_server.py ;;
        neovim) part "Neovim" "nvim dlm" sh neovim.sh ;;
        emacs) part "Emacs" "emacs eglot dlm" sh emacs.sh ;;
        *) echo "no part is called $name" >&2; exit 2 ;;
    esac
done

if [ $skipped != 0 ]; then echo "tests/editors/install.sh installs what is missing"; fi
printf '\n%d passed, %d failed\n' $passed $failed
if [ $failed != 0 ]; then exit 1; fi
if [ $skipped != 0 ] && [ -n "${DLM_REQUIRE_EDITORS:-}" ]; then exit 1; fi
