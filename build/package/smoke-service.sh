#!/usr/bin/env bash
# smoke-service.sh <program> [--user]: installs the program as a service of this machine, waits until it is ready, stops and removes
# it. Needs the rights to do so; meant for a machine that is thrown away. The data is left where it lies.
set -euo pipefail
program=$1
shift
folder=$(mktemp -d)
[ -z "${USERPROFILE:-}" ] || folder=$(cygpath --windows "$folder")
where=(--data "$folder/data" --conf "$folder/conf" --logs "$folder/logs" --http-port 17788 --nats-port 14222)
name=(--name natsjob-smoke "$@")
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

"$program" service install "${where[@]}" "${name[@]}"
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
