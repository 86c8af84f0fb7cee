# shellcheck shell=bash
# What the GitHub action and the GitLab job share: install the gate apart from the checkout, fetch the rules of the base
# commit, run the gate, pass its outputs on. Sourced by github.sh and gitlab.sh, which set `source` (the gate's own files)
# and `workspace` (the checkout) and provide `output NAME VALUE`. Everything comes in as variables, never as text inside a
# script; bash 3.2 is enough.
#
#   GATE_IMAGE          the image                       GATE_EXPECT_DIGEST  the digest that was built
#   GATE_RULES          rule files, one a line          GATE_RULES_DIGEST   refuse other rules than these
#   GATE_REPORTS        scanner reports, one a line     GATE_WAIVERS        waiver files, one a line
#   GATE_PLATFORM       judge only these, one a line    GATE_WAIT           ask again for so long
#   GATE_AT             judge as of this time           GATE_PROMOTE_TO     tags to give if it passed, one a line
#   GATE_JSON, GATE_SARIF, GATE_JUNIT, GATE_MARKDOWN, GATE_HTML, GATE_CODE_QUALITY   where these reports go
#   GATE_PYTHON         Python 3.11 or newer            GATE_INDEX          a package index instead of the usual one
#   GATE_WHEELS         a folder of wheels instead      GATE_INSTALLED      a Python that has the gate: nothing is installed
#   GATE_CHANGE         what is under review (`a pull request`), empty for a trusted branch or tag
#   GATE_BASE           the commit or branch that the change is for: the rules and waivers come from there
#   GATE_RULES_FROM     `head`: take the rules of the change all the same

: "${source:?}" "${workspace:?}" "${ci:?}"

# Programs that are started here and do not know -I take nothing over from the job's variables (S41).
for name in $(compgen -e); do
  case $name in
    PYTHON* | PIP_* | UV_* | VIRTUAL_ENV | CONDA_* | BASH_ENV | CDPATH) unset "$name" ;;
    GIT_DIR | GIT_WORK_TREE | GIT_INDEX_FILE | GIT_OBJECT_DIRECTORY | GIT_ALTERNATE_OBJECT_DIRECTORIES) unset "$name" ;;
  esac
done

REPORT_FORMATS='json sarif junit markdown html gitlab-code-quality'
OUTPUTS='digest image failed warned undecided'
DIGEST='(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})'
work=''
finished=''
unwritten='' # `output` sets it if it could not
code=3

# Only for words of our own: CI systems obey what they find on standard error too.
say() { printf 'image-gate: %s\n' "$*" >&2; }

# What others wrote, for a log: ASCII alone, and nothing that GitHub (`::`, `##[`), Azure (`##vso[`) or a terminal obeys.
harmless() { LC_ALL=C tr -cd '\n\t\40-\176' | LC_ALL=C sed -e 's/::/:\\x3a/g' -e 's/##/#\\x23/g'; }

# Whatever goes wrong in these scripts themselves is no verdict: never 0, and not 1, which would say "failed" (S1).
at_exit() {
  if [ -n "$work" ]; then rm -rf "$work"; fi
  if [ -z "$finished" ]; then exit 3; fi
  exit "$code"
}
trap at_exit EXIT

quietly() { # quietly WHAT COMMAND…: what the command says is shown, made harmless, only if it goes wrong
  local what=$1 status=0
  shift
  "$@" >"$work/log" 2>&1 || status=$?
  if [ "$status" != 0 ]; then
    harmless <"$work/log" | tail -n 40 >&2
    say "$what"
  fi
  return "$status"
}

report_path() { # report_path FORMAT → the path that was asked for, or nothing
  case $1 in
    json) printf '%s' "${GATE_JSON:-}" ;;
    sarif) printf '%s' "${GATE_SARIF:-}" ;;
    junit) printf '%s' "${GATE_JUNIT:-}" ;;
    markdown) printf '%s' "${GATE_MARKDOWN:-}" ;;
    html) printf '%s' "${GATE_HTML:-}" ;;
    gitlab-code-quality) printf '%s' "${GATE_CODE_QUALITY:-}" ;;
  esac
}

inside_workspace() { # a path as seen from the checkout, wherever the gate is started
  case $1 in
    /* | [A-Za-z]:[\\/]*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$workspace" "$1" ;;
  esac
}

undetermined() {
  local name
  output verdict undetermined
  output enforced true
  for name in $OUTPUTS; do output "$name" ''; done
  output promoted false
}

# Outputs and report files first: whatever happens from here on, an older verdict is not lying there (S8).
forget_the_past() {
  local format path
  undetermined
  output exit-code 3
  for format in $REPORT_FORMATS; do
    path=$(report_path "$format")
    case $path in
      *[[:cntrl:]]* | -*)
        say "the path of the $format report has a control character in it, or starts with a dash"
        return 2
        ;;
    esac
    if [ -n "$path" ]; then
      rm -f -- "$(inside_workspace "$path")" 2>/dev/null || {
        say "the file that the $format report should replace cannot be removed"
        return 3
      }
    fi
    output "$format-file" "$path"
  done
}

# A program that the checkout cannot have brought: an absolute path, and not inside the checkout.
trusted_program() { # trusted_program NAME → its path
  local path
  path=$(command -v -- "$1") || return
  case $path in
    "$workspace"/*) [ "$path" = "$1" ] || return ;;
    /* | [A-Za-z]:[\\/]*) ;;
    *) return 1 ;;
  esac
  printf '%s' "$path"
}

find_python() {
  python=$(trusted_program "${GATE_PYTHON:-python3}") || {
    echo 'The input python names no program, or one that the checkout may have brought.'
    return 3
  }
  "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo 'This Python is older than 3.11, or does not run.'
    return 3
  }
}

# Installs into a new folder with a name nobody can guess, started from an empty directory, with neither the user's nor the
# job's settings, and accepts nothing whose hash is not in the lock of this very checkout of the gate.
install_gate() {
  local from=() site
  if [ -n "${GATE_INSTALLED:-}" ]; then
    python=$GATE_INSTALLED
    "$python" -I -c 'import gate'
    return
  fi
  find_python || return 3
  if [ -n "${GATE_WHEELS:-}" ]; then
    from=(--no-index "--find-links=$(inside_workspace "$GATE_WHEELS")")
  elif [ -n "${GATE_INDEX:-}" ]; then
    from=("--index-url=$GATE_INDEX")
  fi
  mkdir "$work/empty" || return 3
  (cd "$work/empty" && install_locked "${from[@]+"${from[@]}"}") || return 3
  python=$work/venv/bin/python
  [ -e "$python" ] || python=$work/venv/Scripts/python.exe
  # The gate is pure Python: its wheel is these two folders, and no build tool has to run for them.
  site=$("$python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))') || return 3
  cp -R "$source/gate" "$site/gate" && cp -R "$source/rules" "$site/gate/packs" || return 3
  find "$site/gate" -name __pycache__ -prune -exec rm -rf {} +
}

install_locked() {
  local uv into=() locked=(--require-hashes --only-binary :all: -r "$source/requirements/runtime.txt")
  if uv=$(trusted_program uv); then
    "$uv" --no-config --no-cache --no-python-downloads venv --quiet --no-project --python "$python" "$work/venv" &&
      "$uv" --no-config --no-cache --no-python-downloads pip install --quiet --python "$work/venv" --link-mode copy \
        "$@" "${locked[@]}"
    return
  fi
  # Half of the time would go into an own pip: that of the runner can install elsewhere since 22.3.
  if "$python" -I -c 'import sys, pip; sys.exit([*map(int, pip.__version__.split(".")[:2])] < [22, 3])'; then
    "$python" -I -m venv --without-pip "$work/venv" || return
    into=(--python "$work/venv")
  else
    "$python" -I -m venv "$work/venv" || return
    python=$work/venv/bin/python
    [ -e "$python" ] || python=$work/venv/Scripts/python.exe
  fi
  "$python" -I -m pip --isolated --disable-pip-version-check --no-input --quiet "${into[@]+"${into[@]}"}" install \
    --no-cache-dir --no-compile "$@" "${locked[@]}"
}

# Where the rules are: in the checkout, or, for a change under review, in what it is a change to (S24).
find_rules() {
  local line
  here=$workspace
  if [ -z "${GATE_CHANGE:-}" ]; then return; fi
  if [ "${GATE_RULES_FROM:-}" = head ]; then
    say "the rules are those of $GATE_CHANGE: whoever wrote it may have written them too (rules-from: head)"
    arguments+=(--rules-from=head)
    return
  fi
  while IFS= read -r line; do
    case /$line/ in
      //* | /[A-Za-z]:* | */../*)
        case $line in
          '' | builtin:*) ;;
          *)
            say "this is $GATE_CHANGE: its rules and waivers have to be files of the repository, named by relative paths"
            return 2
            ;;
        esac
        ;;
    esac
  done <<<"${GATE_RULES:-}"$'\n'"${GATE_WAIVERS:-}"
  here=$work/base
  quietly "the rules of the base commit cannot be read (is its history fetched?); there is no verdict" base_commit
}

base_commit() {
  local git=(git -c core.fsmonitor=false -c "safe.directory=*" -c protocol.ext.allow=never -C "$workspace")
  local commit='^([0-9a-f]{40}|[0-9a-f]{64})$' base=${GATE_BASE:-}
  if [[ $base =~ $commit ]]; then
    "${git[@]}" cat-file -e "$base^{commit}" 2>/dev/null ||
      "${git[@]}" fetch --quiet --no-tags --depth=1 origin "$base" || return 3
  else
    case $base in
      refs/heads/?*) ;;
      *)
        echo 'It is not known which commit this is a change to.'
        return 3
        ;;
    esac
    "${git[@]}" fetch --quiet --no-tags --depth=1 origin "$base" || return 3
    base=$("${git[@]}" rev-parse --verify --quiet FETCH_HEAD) || return 3
  fi
  mkdir "$here" && "${git[@]}" archive --format=tar "$base" | tar -x -f - -C "$here" || return 3
}

each_line() { # each_line NAME LINES [PREFIX-FUNCTION]: one option for each line that is not empty
  local line
  while IFS= read -r line; do
    line=${line%$'\r'}
    if [ -z "$line" ]; then continue; fi
    if [ -n "${3:-}" ]; then line=$("$3" "$line"); fi
    arguments+=("$1=$line")
  done <<<"$2"
}

option() { # option NAME VALUE: one option, if there is a value
  if [ -n "$2" ]; then arguments+=("$1=$2"); fi
}

# Fills `arguments` and `image`. Paths of the checkout stay as they are where the gate is started there.
collect_arguments() {
  local format path place=''
  image=${GATE_IMAGE:-}
  if [ "$here" != "$workspace" ]; then
    place=inside_workspace
    case $image in
      oci:* | docker-archive:*) image=${image%%:*}:$(inside_workspace "${image#*:}") ;;
    esac
  fi
  each_line --rules "${GATE_RULES:-gate.yaml}"
  each_line --waivers "${GATE_WAIVERS:-}"
  each_line --report "${GATE_REPORTS:-}" "$place"
  each_line --platform "${GATE_PLATFORM:-}"
  option --expect-digest "${GATE_EXPECT_DIGEST:-}"
  option --rules-digest "${GATE_RULES_DIGEST:-}"
  option --at "${GATE_AT:-}"
  for format in $REPORT_FORMATS; do
    path=$(report_path "$format")
    if [ -n "$path" ]; then arguments+=("--output=$format=$(inside_workspace "$path")"); fi
  done
  arguments+=("--outputs=$work/outputs" "--ci=$ci")
}

run_gate() { # run_gate COMMAND MORE…: sets `code`
  local command=$1
  shift
  code=0
  rm -f "$work/outputs"
  (cd "$here" && exec "$python" -I -m gate "$command" "$@" "${arguments[@]}" -- "$image") || code=$?
  case $code in
    0 | 1 | 2 | 3) ;;
    *) code=3 ;;
  esac
}

# Passes the outputs on, each of the shape that it has to have. They have to agree with the exit code.
take_outputs() {
  local name value verdict='' enforced='' reference='[a-z0-9][a-z0-9._:/-]*@'
  while IFS='=' read -r name value; do
    if [ -z "$value" ]; then continue; fi
    case $name in
      GATE_VERDICT) [[ $value =~ ^(passed|failed|undetermined)$ ]] && verdict=$value ;;
      GATE_ENFORCED) [[ $value =~ ^(true|false)$ ]] && enforced=$value ;;
      GATE_DIGEST) [[ $value =~ ^$DIGEST$ ]] && output digest "$value" ;;
      GATE_PINNED_IMAGE) [[ $value =~ ^$reference$DIGEST$ ]] && output image "$value" ;;
      GATE_FAILED | GATE_WARNED | GATE_UNDECIDED)
        name=$(printf '%s' "${name#GATE_}" | LC_ALL=C tr '[:upper:]' '[:lower:]')
        [[ $value =~ ^[0-9]{1,9}$ ]] && output "$name" "$value"
        ;;
    esac || say "an output of the gate has a shape that it cannot have: it stays empty"
  done <"$work/outputs"
  case $code:$verdict:$enforced in
    0:passed:true | 0:passed:false | 0:failed:false | 0:undetermined:false) ;;
    1:failed:true | 3:failed:true | 3:undetermined:true | 3:undetermined:false | 3:failed:false) ;;
    3:passed:true | 3:passed:false) verdict=undetermined ;; # it passed, and a report or a tag could not be written
    *)
      say "exit code and outputs contradict each other; there is no verdict"
      code=3 verdict=undetermined enforced=true
      ;;
  esac
  output verdict "$verdict"
  output enforced "$enforced"
}

# The whole job. Ends with the exit code of the gate.
judge() {
  local tags=() wait=() line
  python='' here='' image='' arguments=()
  finish_with forget_the_past || return
  finish_with find_rules || return
  if ! quietly "the gate could not be installed; there is no verdict" install_gate; then
    finish 3
    return
  fi
  collect_arguments
  if [ -n "${GATE_WAIT:-}" ]; then wait=("--wait=$GATE_WAIT"); fi
  while IFS= read -r line; do
    line=${line%$'\r'}
    if [ -n "$line" ]; then tags+=("--to=$line"); fi
  done <<<"${GATE_PROMOTE_TO:-}"
  if [ ${#tags[@]} = 0 ] || [ ${#wait[@]} != 0 ]; then
    run_gate check "${wait[@]+"${wait[@]}"}"
    if [ "$code" != 2 ]; then take_outputs; fi
  fi
  if [ ${#tags[@]} != 0 ] && { [ ${#wait[@]} = 0 ] || [ "$code" = 0 ]; }; then
    run_gate promote "${tags[@]}"
    undetermined
    if [ "$code" != 2 ]; then take_outputs; fi
    if [ "$code" = 0 ]; then output promoted true; fi
  fi
  finish "$code"
}

finish_with() { # finish_with COMMAND: ends the job if the command says no
  local status=0
  "$@" || status=$?
  if [ "$status" != 0 ]; then finish "$status"; fi
  return "$status"
}

finish() { # finish CODE
  code=$1 finished=yes
  output exit-code "$code"
  if [ -n "$unwritten" ] && [ "$code" != 1 ]; then
    say "the outputs cannot be written; there is no verdict"
    code=3
  fi
}
