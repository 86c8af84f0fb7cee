#!/usr/bin/env bash
# The one step of action.yml. Its exit code is that of the gate.
set -euo pipefail

# Each value is one line that was checked before it comes here; the first `=` ends the name, so that `<<` behind it is text
# (actions/runner, FileCommandManager.cs). Nothing is ever written to GITHUB_ENV or GITHUB_PATH.
output() { printf '%s=%s\n' "$1" "$2" 2>/dev/null >>"${GITHUB_OUTPUT:-/dev/null}" || unwritten=yes; }

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
workspace=$(cd "${GITHUB_WORKSPACE:-$PWD}" && pwd)
ci=github
# shellcheck source=scripts/ci/gate.sh
. "$source/scripts/ci/gate.sh"

case ${GITHUB_EVENT_NAME:-} in
  pull_request*) GATE_CHANGE='a pull request' ;;
  merge_group) GATE_CHANGE='a merge group' ;;
  *) GATE_CHANGE='' ;;
esac
# A workflow that runs for something else (`workflow_run`, `issue_comment`, …) may have checked out a proposal: what is
# trusted is the commit of the event, and anything else in the workspace is a change to it (S24).
if [ -z "$GATE_CHANGE" ] && [ -n "${GITHUB_SHA:-}" ]; then
  head=$(git -C "$workspace" rev-parse --verify --quiet HEAD 2>/dev/null || true)
  if [ -n "$head" ] && [ "$head" != "$GITHUB_SHA" ]; then
    GATE_CHANGE="a checkout of $head, which is not the commit of the event"
    GATE_BASE=$GITHUB_SHA
  fi
fi
work=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/image-gate.XXXXXXXXXX")
judge || true
if [ "$code" = 2 ]; then
  printf '::error title=image-gate::The inputs or the rules are wrong, and nothing was judged (exit code 2). The log says what is wrong.\n' >&2
fi
