#!/usr/bin/env bash
# A natsjob worker: takes the runs of one job, does the work, and says how each ended.

# natsjob:begin
export NATS_URL='nats://127.0.0.1:4222'
namespace='app'
app='shop'
worker_id='worker-1' # each worker that runs has its own
# Broadcast: subscribe without the queue. Ultra: natsjob.job.client-start.app.shop.report.worker-1
subject='natsjob.job.start.app.shop.report'
# natsjob:end

# Your work. $1 is the message, a line of JSON. What it prints is kept with the run; when it does not return 0, the run fails.
work() {
  if [ "$(field jobArgs "$1")" = fail ]; then echo 'told to fail'; return 1; fi
  echo "worked on $(field jobArgs "$1")"
}

# A text without quotes in it; jq -r .jobArgs reads every text.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$2"; }

while :; do
  nats kv put natsjob-heartbeat "natsjob.heartbeat.client.$namespace.$app.$worker_id" \
    "{\"id\":\"$worker_id\",\"namespace\":\"$namespace\",\"appName\":\"$app\"}" >/dev/null
  sleep 5
done &
beating=$!

# Takes no more runs on a signal, and ends those it has.
exec 3< <(exec nats sub --raw --queue "$app" "$subject")
taking=$!
trap 'kill "$taking" 2>/dev/null' INT TERM
trap 'kill "$beating"' EXIT

while read -r run <&3; do
  echo "run $(field taskId "$run")"
  key=$(field jobEndKvKey "$run")
  if reason=$(work "$run"); then status=success; else status=fail; fi
  [ -n "$key" ] || continue # lite and plus: nobody waits for an answer
  reason=$(tr -d '\000-\037"\\' <<<"$reason")
  for _ in 1 2 3 4 5 6 7 8 9 10; do # NATS may be away for a moment, and a lost answer lets the run expire
    nats kv put "$(field jobEndResultKvBucket "$run")" "$key" \
      "{\"status\":\"$status\",\"reason\":\"$reason\",\"clientId\":\"$worker_id\"}" >/dev/null && break
    sleep 1
  done
done
