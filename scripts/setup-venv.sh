#!/bin/sh
# setup-venv.sh VENV WHEELHOUSE LOCK… : a virtual environment with exactly the locked wheels, and this project in it.
# Wheels come through WHEELHOUSE, so that tests can install from them again without a network.
set -eu
cd "$(dirname "$0")/.."
venv=$1 wheelhouse=$2
shift 2

fits() { "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; }
python=
for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
  if fits "$candidate"; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "image-gate needs Python 3.11 or newer; none was found. Say which one with: make PYTHON=/path/to/python3" >&2
  exit 1
fi

if ! fits "$venv/bin/python"; then
  rm -rf "$venv"
  if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
    rm -rf "$venv"
    if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
      apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    fi
    "$python" -m venv "$venv" || {
      echo "$python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2
      exit 1
    }
  fi
fi

pip="$venv/bin/python -m pip --disable-pip-version-check --quiet"
locks=
for lock in "$@"; do locks="$locks -r $lock"; done
mkdir -p "$wheelhouse"
# shellcheck disable=SC2086 # lists of words
$pip download --require-hashes --only-binary :all: --dest "$wheelhouse" $locks
# shellcheck disable=SC2086
$pip install --no-index --find-links "$wheelhouse" --require-hashes --only-binary :all: $locks
$pip install --no-index --no-deps --no-build-isolation --editable .
