#!/bin/sh
# Makes tests/.venv: a Python with the packages of tests/requirements.txt, in which the tests run
# exported files. Needs python3 (3.11 or newer) with venv, and a package index; does nothing when all is there.
# Tests take the Python that DLM_PYTHON names, or else this one; DLM_REQUIRE_PYTHON=1 makes them fail without one.
set -eu
cd "$(dirname "$0")"
if [ -x .venv/bin/python ] && cmp -s requirements.txt .venv/requirements.txt; then exit 0; fi
rm -rf .venv
"${PYTHON:-python3}" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
cp requirements.txt .venv/requirements.txt
