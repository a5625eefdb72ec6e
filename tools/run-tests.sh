#!/bin/sh
# Runs the test programs, two at a time for each processor, as some mostly wait; prints each one's own lines, then the sum.
# usage: tools/run-tests.sh NAME PROGRAM...
set -u
name=$1
shift
passed=0
failed=0
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# A test that hangs is ended; one that is slow because others run beside it is not.
export CK_TIMEOUT_MULTIPLIER=8
export TSAN_OPTIONS="suppressions=$PWD/tests/unit/tsan.supp"
printf '%s\n' "$@" | xargs -P "$((2 * $(nproc)))" -I '{}' sh -c '"$1" >"$2/${1##*/}" 2>&1; echo $? >"$2/${1##*/}.status"' sh '{}' "$out"
for t in "$@"; do
	said=$out/${t##*/}
	status=$(cat "$said.status" 2>/dev/null || echo none)
	if [ "$status" = 0 ]; then
		# Check's closing line counts the checks of one program.
		n=$(sed -n 's/.*Checks: \([0-9]*\),.*/\1/p' "$said" | awk '{s+=$1} END {print s+0}')
		[ "$n" -gt 0 ] || { echo "$t: ran no check"; failed=$((failed + 1)); }
		passed=$((passed + n))
		sed -n "s|^\(.*Checks: .*\)|${t##*/}: \1|p" "$said"
	else
		echo "== $t failed (status $status)"
		cat "$said"
		n=$(sed -n 's/.*Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2/p' "$said" | awk '{s+=$1+$2} END {print s+0}')
		[ "$n" -gt 0 ] || n=1
		failed=$((failed + n))
	fi
done
[ $# -gt 0 ] || failed=1
echo "$name: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
