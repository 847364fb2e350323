#!/bin/sh
# Deploys between two looks at the access log: not at all when the service is ill already, and back again when it fell ill.
#
#   docs/pre-deploy.sh /var/log/nginx/access.log ./deploy.sh v2
#
# ROLLBACK   a command to take the deploy back with (none: it stays, and the script fails)
# WAIT       seconds of traffic to wait for after the deploy (300)
# BASELINE   file to keep what the log was like before (logcodes-baseline.json)
#
# Exit codes: 0 deployed and well; 1 ill before or after; 2 wrong usage; 3 deployed, and too little traffic to tell;
# other: the deploy's own.
set -eu

[ $# -ge 2 ] || { echo "usage: $0 ACCESS_LOG DEPLOY_COMMAND..." >&2; exit 2; }
log=$1
shift
baseline=${BASELINE:-logcodes-baseline.json}

size() { wc -c < "$log" | tr -d ' '; }

echo "before the deploy: $log"
# No rule is given, so that default rules hold. An ill service gives no baseline, and no deploy.
logcodes check --no-progress --save-baseline "$baseline" -- "$log" || {
    code=$?
    echo "not deployed" >&2
    exit "$code"
}

before=$(size)
"$@"
sleep "${WAIT:-300}"

# What came after, not what the clock says: a log that became smaller was rotated, and all of it is new.
[ "$(size)" -ge "$before" ] || before=0

echo "after the deploy: what $log has since"
code=0
tail -c "+$((before + 1))" "$log" | logcodes check --no-progress --baseline "$baseline" \
    --fail-on 'rate(5xx) > 5%' \
    --fail-on 'rate(5xx) by route > 2x baseline' \
    --fail-on 'new(5xx) severity warning' \
    -- - || code=$?

if [ "$code" -eq 1 ]; then
    if [ -n "${ROLLBACK:-}" ]; then
        echo "taken back: $ROLLBACK" >&2
        sh -c "$ROLLBACK"
    else
        echo "the deploy stays: ROLLBACK names no command to take it back with" >&2
    fi
fi
exit "$code"
