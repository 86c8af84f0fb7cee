#!/usr/bin/env bash
# The one step of action.yml. Its exit code is that of `gate check`.
set -euo pipefail

# Each value is one line of our own making: checked against a pattern before it comes here.
output() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/ci/gate.sh
. "$source/scripts/ci/gate.sh"

first_outputs
case ${GITHUB_EVENT_NAME:-} in
  pull_request*) GATE_UNTRUSTED_CHECKOUT='This is a pull request' ;;
esac
trusted_rules
workspace=${GITHUB_WORKSPACE:-$PWD}
work=$(mktemp -d "${RUNNER_TEMP:-/tmp}/image-gate.XXXXXXXXXX")
trap 'rm -rf "$work"' EXIT
python=$(install_gate "$source" "$work")
cd "$workspace"
code=0
run_gate "$python" "$work" || code=$?
output exit-code "$code"
exit "$code"
