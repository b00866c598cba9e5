#!/usr/bin/env bash
# smoke-service.sh <program> [--user]: installs the program as a service of this machine in its usual places, waits until it is
# ready, stops, starts and removes it. Needs the rights to do so; meant for a machine that is thrown away, as its data stays.
set -euo pipefail
program=$1
shift
name=(--name natsjob-smoke "$@")
if [ -n "${PROGRAMFILES:-}" ]; then # where the account of Windows services may read
  folder="$(cygpath --unix "$PROGRAMFILES")/natsjob-smoke"
  mkdir -p "$folder"
  cp "$program" "$folder/natsjob.exe"
  program="$folder/natsjob.exe"
fi
trap '"$program" service uninstall "${name[@]}" || true' ERR

say() { echo "smoke-service: $*"; }
is_ready() { "$program" healthcheck --ready --url http://127.0.0.1:17788 2>/dev/null; }
until_ready() {
  for _ in $(seq 60); do
    if is_ready; then return 0; fi
    sleep 1
  done
  say 'not ready within a minute'
  return 1
}

"$program" service install --http-port 17788 --nats-port 14222 "${name[@]}"
until_ready
"$program" service status "${name[@]}"
say 'runs'
"$program" service stop "${name[@]}"
if is_ready; then say 'still answers after the stop'; exit 1; fi
"$program" service start "${name[@]}"
until_ready
say 'was stopped and runs again'
"$program" service uninstall "${name[@]}"
if is_ready; then say 'still answers after it was removed'; exit 1; fi
if "$program" service status "${name[@]}"; then say 'is still installed'; exit 1; fi
say 'the service works'
