#!/bin/sh
# Write the lock files again from pyproject.toml (needs uv). They hold names, versions and hashes: no addresses, so
# that they work with any index or mirror of it.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-uv}
command -v "$UV" >/dev/null || UV=.venv/bin/uv

lock() { # lock OUT ARGUMENTS…
  out=$1
  shift
  "$UV" --no-config pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links --python-version 3.11 "$@" --output-file "$out"
}

lock requirements/runtime.txt pyproject.toml
lock requirements/build.txt --constraints requirements/runtime.txt --group pyproject.toml:build
lock requirements/dev.txt --constraints requirements/runtime.txt --constraints requirements/build.txt \
  --group pyproject.toml:dev pyproject.toml
