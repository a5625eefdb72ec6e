#!/bin/sh
# Runs each test program; prints each one's own lines, then the sum.
# usage: tools/run-tests.sh NAME PROGRAM...
set -u
name=$1
shift
passed=0
failed=0
out=$(mktemp)
for t in "$@"; do
	if "$t" >"$out" 2>&1; then
		# Check's closing line counts the checks of one program.
		n=$(sed -n 's/.*Checks: \([0-9]*\),.*/\1/p' "$out" | awk '{s+=$1} END {print s+0}')
		[ "$n" -gt 0 ] || { echo "$t: ran no check"; failed=$((failed + 1)); }
		passed=$((passed + n))
		sed -n "s|^\(.*Checks: .*\)|$(basename "$t"): \1|p" "$out"
	else
		echo "== $t failed (status $?)"
		cat "$out"
		n=$(sed -n 's/.*Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2/p' "$out" | awk '{s+=$1+$2} END {print s+0}')
		[ "$n" -gt 0 ] || n=1
		failed=$((failed + n))
	fi
done
rm -f "$out"
[ $# -gt 0 ] || failed=1
echo "$name: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
