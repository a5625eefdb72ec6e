#!/bin/sh
# Every file of tests/fuzz/corpus/<name>/ through <dir>/fuzz_<name> once.
# usage: tools/run-corpora.sh DIR
set -u
passed=0
failed=0
for src in tests/fuzz/fuzz_*.c; do
	name=$(basename "$src" .c)
	corpus=tests/fuzz/corpus/${name#fuzz_}
	if out=$("$1/$name" "$corpus" 2>&1); then
		passed=$((passed + $(printf '%s\n' "$out" | sed -n 's/^\([0-9]*\) inputs$/\1/p')))
	else
		printf '== %s %s\n%s\n' "$name" "$corpus" "$out"
		failed=$((failed + 1))
	fi
done
[ $passed -gt 0 ] || failed=$((failed + 1))
echo "corpora: $passed passed, $failed failed"
[ $failed -eq 0 ]
