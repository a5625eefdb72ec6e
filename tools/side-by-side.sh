#!/bin/bash
# Runs two commands at once: `make check` mostly waits for brokers, and has a compiler's work besides.
# usage: tools/side-by-side.sh 'COMMAND' 'COMMAND'
# The first one's output comes as it is made, the second one's when both have ended.  Fails when one fails.
set -u
second=$(mktemp)
trap 'rm -f "$second"' EXIT
unset MAKEFLAGS MFLAGS # each has jobs of its own
bash -c "$2" >"$second" 2>&1 &
pid=$!
trap 'kill -- "$pid" 2>/dev/null; exit 130' INT TERM
failed=0
bash -c "$1" || failed=1
wait "$pid" || failed=1
cat "$second"
exit $failed
