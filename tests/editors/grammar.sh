#!/bin/sh
# The TextMate grammar against the scopes that grammar/*.dlm asks for: one test for each line of `^` or `<-`.
set -eu
cd "$(dirname "$0")/../../lsp/editors/vscode"
npm test --silent
echo "$(cat ../../../tests/editors/grammar/*.dlm | grep -Ec '^// *(\^|<-)') passed, 0 failed"
