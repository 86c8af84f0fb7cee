# shellcheck shell=bash
# What the GitHub action and the GitLab job share: install the gate apart from the checkout, run it, read its report.
# Sourced by github.sh and gitlab.sh, which provide `output NAME VALUE`. Everything comes in as variables, never as
# text inside a script:
#
#   GATE_IMAGE                 the image                        GATE_RULES    rule files, one a line
#   GATE_REPORTS               scanner reports, one a line      GATE_WAIVERS  waiver files, one a line
#   GATE_EXPECT_DIGEST         the digest that was built        GATE_RULES_DIGEST  refuse other rules than these
#   GATE_AT                    judge as of this time            GATE_JSON     where the JSON report goes
#   GATE_PYTHON                Python 3.11 or newer             GATE_WHEELS   a folder of wheels, instead of an index
#   GATE_INSTALLED             the Python of an environment that has the gate: nothing is installed
#   GATE_UNTRUSTED_CHECKOUT    why the checkout is not trusted to bring the rules (empty: it is)
#   GATE_RULES_FROM            `head`: take the rules of such a checkout all the same

# Programs that pip starts do not know -I: nothing of Python's is taken over from the job's variables.
for name in $(compgen -e PYTHON); do unset "$name"; done
for name in $(compgen -e PIP_); do unset "$name"; done

say() { printf 'image-gate: %s\n' "$*" >&2; }

# Outputs first: whatever happens from here on, an older verdict is not lying there.
first_outputs() {
  output verdict undetermined
  output digest ''
  output enforced true
}

# An absolute path of a Python that is new enough, decided before the directory changes.
find_python() {
  local python
  python=$(command -v -- "${GATE_PYTHON:-python3}") || {
    say "there is no ${GATE_PYTHON:-python3} here; the gate needs Python 3.11 or newer"
    return 3
  }
  case $python in
    /* | [A-Za-z]:*) ;;
    *)
      say "the path of Python has to be absolute, and PATH gave $python"
      return 3
      ;;
  esac
  "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "$python is older than Python 3.11"
    return 3
  }
  printf '%s' "$python"
}

# Installs into a new folder with a name nobody can guess, from an empty directory, ignoring pip's variables and the
# user's configuration, and accepts nothing whose hash is not in the lock of this very checkout of the gate.
install_gate() { # install_gate SOURCE WORK → prints the Python to use
  local source=$1 work=$2 python index=()
  if [ -n "${GATE_INSTALLED:-}" ]; then
    printf '%s' "$GATE_INSTALLED"
    return
  fi
  python=$(find_python) || return
  if [ -n "${GATE_WHEELS:-}" ]; then index=(--no-index --find-links "$GATE_WHEELS"); fi
  mkdir "$work/empty" && cd "$work/empty" || return 3
  "$python" -I -m venv "$work/venv" >&2 || return 3
  python=$work/venv/bin/python
  [ -e "$python" ] || python=$work/venv/Scripts/python.exe
  "$python" -I -m pip --isolated --disable-pip-version-check --quiet install "${index[@]+"${index[@]}"}" \
    --require-hashes --only-binary :all: --no-cache-dir \
    -r "$source/requirements/runtime.txt" -r "$source/requirements/build.txt" >&2 || return 3
  "$python" -I -m pip --isolated --disable-pip-version-check --quiet install --no-index --no-deps \
    --no-build-isolation --no-cache-dir "$source" >&2 || return 3
  printf '%s' "$python"
}

options() { # options NAME LINES: fills the array `arguments`
  local line
  while IFS= read -r line; do
    line=${line%$'\r'}
    if [ -n "$line" ]; then arguments+=("$1=$line"); fi
  done <<<"$2"
}

trusted_rules() {
  if [ -n "${GATE_UNTRUSTED_CHECKOUT:-}" ] && [ "${GATE_RULES_FROM:-}" != head ]; then
    say "$GATE_UNTRUSTED_CHECKOUT: whoever wrote it could bring rules that pass everything."
    say "Run the gate on the protected branch or tag, or say rules-from: head if its verdict decides nothing."
    return 2
  fi
}

# Runs the gate and gives its exit code. The outputs are read from its report and have to look like what they claim.
run_gate() { # run_gate PYTHON WORK
  local python=$1 work=$2 code=0 arguments=() report
  report=${GATE_JSON:-$work/report.json}
  options --rules "${GATE_RULES:-gate.yaml}"
  options --report "${GATE_REPORTS:-}"
  options --waivers "${GATE_WAIVERS:-}"
  options --expect-digest "${GATE_EXPECT_DIGEST:-}"
  options --rules-digest "${GATE_RULES_DIGEST:-}"
  options --at "${GATE_AT:-}"
  "$python" -I -m gate check "${arguments[@]}" --output "json=$report" -- "${GATE_IMAGE:?}" || code=$?
  case $code in
    0 | 1 | 2 | 3) ;;
    *) code=3 ;;
  esac
  if [ "$code" != 2 ]; then read_outputs "$python" "$report" "$code" || return 3; fi
  return "$code"
}

read_outputs() { # read_outputs PYTHON REPORT CODE
  local words verdict digest enforced
  words=$("$1" -I -c '
import json, re, sys
document = json.load(open(sys.argv[1], encoding="utf-8"))
(image,) = document["images"]
words = (image["verdict"], image["digest"] or "-", str(document["enforced"]).lower())
shapes = ("passed|failed|undetermined", "-|sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", "true|false")
assert all(re.fullmatch(shape, word) for shape, word in zip(shapes, words)), "the report looks wrong"
assert document["exit-code"] == int(sys.argv[2]), "the report is of another run"
print(*words)
' "$2" "$3") || return
  read -r verdict digest enforced <<<"$words"
  output verdict "$verdict"
  output digest "${digest#-}"
  output enforced "$enforced"
}
