#!/bin/sh
# A rolling deploy as people write it, over the targets rollproof names: deregister, sleep, restart, register, sleep.
# DRAIN and BACK are its sleeps; FAIL_ON ends it before the deploy of that target.
set -eu
for pair in $ROLLPROOF_TARGETS; do
  ROLLPROOF_TARGET=${pair%%=*}
  ROLLPROOF_INSTANCE=${pair#*=}
  export ROLLPROOF_TARGET ROLLPROOF_INSTANCE
  node "$MAIN" mark detach-requested
  node "$ELB" detach "$ROLLPROOF_BALANCER" "$ROLLPROOF_INSTANCE"
  node "$MAIN" mark detached
  sleep "$DRAIN"
  if [ "${FAIL_ON:-}" = "$ROLLPROOF_TARGET" ]; then echo "disk full on $ROLLPROOF_TARGET" >&2; exit 7; fi
  node "$MAIN" lab deploy
  node "$MAIN" mark attach-requested
  node "$ELB" attach "$ROLLPROOF_BALANCER" "$ROLLPROOF_INSTANCE"
  node "$MAIN" mark attached
  sleep "$BACK"
done
