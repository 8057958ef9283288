#!/bin/sh
# Looks at the page of a run in Chromium, as desktop and phone, light and dark, with script and without; fails on what a reader
# would miss: errors, requests, absent sections, empty charts, a page that must be pushed sideways.
#
#     sh tests/browser/report.sh [--shots FOLDER] report.html [SECTION …]
#
# A section is named by its anchor: results curves confusion … Needs node with npm, and Chromium: /usr/bin/chromium, or the
# one that $CHROMIUM names. With --shots, pictures of all views are put into a folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export CHROMIUM="${CHROMIUM:-/usr/bin/chromium}"
for tool in node npm "$CHROMIUM"; do
    if ! command -v "$tool" > /dev/null; then
        echo "$tool is not there; on Debian: apt-get install --no-install-recommends nodejs npm chromium" >&2
        exit 2
    fi
done
if ! cmp -s "$here/package-lock.json" "$here/node_modules/.of-lock.json"; then
    (cd "$here" && npm ci --ignore-scripts --no-fund --no-audit --loglevel error)
    cp "$here/package-lock.json" "$here/node_modules/.of-lock.json"
fi
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
PROFILE=$profile node "$here/report.mjs" "$@"
