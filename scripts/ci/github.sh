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
work=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/image-gate.XXXXXXXXXX")
judge || true
if [ "$code" = 2 ]; then
  printf '::error title=image-gate::The inputs or the rules are wrong, and nothing was judged (exit code 2). The log says what is wrong.\n' >&2
fi
