#!/bin/sh
# The real servers and tools that tests run against. As root on Debian they are installed; elsewhere a
# banner says what is missing, and the tests that need it are skipped (but fail where CI is set).
set -eu

missing() {
  for tool in docker-registry htpasswd openssl jq notary notary-server chromium; do
    command -v "$tool" >/dev/null 2>&1 || printf '%s ' "$tool"
  done
}

[ -z "$(missing)" ] && exit 0

if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
  echo "Installing what the tests run against: $(missing)"
  log=$(mktemp)
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    docker-registry apache2-utils openssl jq notary chromium; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
  fi
  rm -f "$log"
fi

left=$(missing)
if [ -n "$left" ]; then
  cat >&2 <<BANNER
########################################################################
#  Not installed: $left
#  Tests against these real servers and tools will be skipped
#  (they fail where the variable CI is set).
#  Debian, Ubuntu: apt install docker-registry apache2-utils openssl jq notary chromium
########################################################################
BANNER
fi
