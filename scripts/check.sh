#!/usr/bin/env bash
# Everything that has to hold before a change is done. Runs all steps, says at the end which of them did not hold,
# and exits with 1 if there is one. The tests come last: their summary is what one looks for.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=()

step() { # step NAME COMMAND…
  local name=$1 output started=$SECONDS
  shift
  if output=$("$@" 2>&1); then
    printf '  ok      %-16s %3d s\n' "$name" $((SECONDS - started))
  else
    printf '  FAILED  %-16s %3d s   %s\n' "$name" $((SECONDS - started)) "$*"
    printf '%s\n' "$output" | tail -n 60 | sed 's/^/          /'
    failed+=("$name")
  fi
}

echo "image-gate: checks"
step "format" "$bin/ruff" format --check .
step "lint" "$bin/ruff" check .
step "types" "$bin/mypy"
step "imports" "$bin/lint-imports"
step "reason pages" "$bin/python" scripts/reasons.py --check
step "command page" "$bin/python" scripts/commands.py --check
step "action schema" "$bin/check-jsonschema" --builtin-schema vendor.github-actions action.yml
if command -v actionlint >/dev/null; then step "workflows" actionlint examples/ci/github/*.yml; fi
step "gitlab schema" "$bin/check-jsonschema" --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci .gitlab-ci.example.yml

echo "image-gate: tests"
"$bin/pytest" -n "${TEST_PROCESSES:-2}" --dist worksteal --cov --cov-report= -q
tests=$?
if [ "$tests" != 0 ]; then failed+=("tests"); fi
"$bin/coverage" report --format=total --precision=1 2>/dev/null | sed 's/^/branch coverage: /; s/$/ %/'

if [ ${#failed[@]} -gt 0 ]; then
  echo "NOT DONE: ${failed[*]}"
  exit 1
fi
echo "all of it holds"
