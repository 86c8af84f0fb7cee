#!/usr/bin/env bash
# The script of the job in .gitlab-ci.example.yml. Its exit code is that of `gate check`.
set -euo pipefail

cd "${CI_PROJECT_DIR:?}"
# A dotenv report: the last line for a name wins, and values are of our own making.
output() {
  local name
  name=$(printf '%s' "GATE_$1" | tr 'a-z-' 'A-Z_')
  printf '%s=%s\n' "$name" "$2" >>gate.env
}

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/ci/gate.sh
. "$source/scripts/ci/gate.sh"

rm -f gate.env
GATE_JSON=${GATE_JSON:-gate.json}
rm -f "$GATE_JSON"
first_outputs
if [ "${CI_PIPELINE_SOURCE:-}" = merge_request_event ]; then
  GATE_UNTRUSTED_CHECKOUT='This is a merge request'
fi
trusted_rules
work=$(mktemp -d "${TMPDIR:-/tmp}/image-gate.XXXXXXXXXX")
trap 'rm -rf "$work"' EXIT
python=$(install_gate "$source" "$work")
code=0
run_gate "$python" "$work" || code=$?
exit "$code"
