#!/usr/bin/env bash
# The script of the jobs in .gitlab-ci.example.yml and templates/gate/. Its exit code is that of the gate.
set -euo pipefail

cd "${CI_PROJECT_DIR:?}"
# A dotenv report: each name once (GitLab counts lines, and takes 20), values with neither spaces nor line breaks.
output() {
  local name
  case $1 in
    image) name=GATE_PINNED_IMAGE ;; # GATE_IMAGE is what the job is asked for, and these variables win in later jobs
    *-file) return 0 ;;
    *) name=GATE_$(printf '%s' "$1" | LC_ALL=C tr 'a-z-' 'A-Z_') ;;
  esac
  {
    if [ -f gate.env ]; then grep -v "^$name=" gate.env || true; fi
    printf '%s=%s\n' "$name" "$2"
  } >"$work/gate.env"
  cp "$work/gate.env" gate.env || unwritten=yes
}

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
workspace=$PWD
ci=none # GitLab reads nothing from a log, and the outputs are written here
# shellcheck source=scripts/ci/gate.sh
. "$source/scripts/ci/gate.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/image-gate.XXXXXXXXXX")
rm -f gate.env
GATE_JSON=${GATE_JSON:-gate.json}
GATE_JUNIT=${GATE_JUNIT:-gate-junit.xml}
GATE_CODE_QUALITY=${GATE_CODE_QUALITY:-gate-code-quality.json}
GATE_CHANGE=''
if [ -n "${CI_MERGE_REQUEST_IID:-}" ] || [ "${CI_PIPELINE_SOURCE:-}" = merge_request_event ]; then
  GATE_CHANGE='a merge request'
  # The merge base would be the author's choice: an old branch brings old rules. The target branch as it is now counts.
  GATE_BASE=${CI_MERGE_REQUEST_TARGET_BRANCH_SHA:-refs/heads/${CI_MERGE_REQUEST_TARGET_BRANCH_NAME:-}}
elif [ "${CI_PIPELINE_SOURCE:-}" = external_pull_request_event ]; then
  GATE_CHANGE='a pull request'
  GATE_BASE=${CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA:-}
fi

# The job's own account for the project's registry. It is bound to that registry's name: the gate sends it to no other.
host='^[A-Za-z0-9.-]+(:[0-9]+)?$'
if [ -z "${DOCKER_AUTH_CONFIG:-}" ] && [ -n "${CI_REGISTRY_PASSWORD:-}" ] && [[ ${CI_REGISTRY:-} =~ $host ]]; then
  login=$(printf '%s:%s' "${CI_REGISTRY_USER:-}" "$CI_REGISTRY_PASSWORD" | base64 | tr -d '\n')
  export DOCKER_AUTH_CONFIG="{\"auths\":{\"$CI_REGISTRY\":{\"auth\":\"$login\"}}}"
fi

judge || true
