#!/bin/sh
# libFuzzer on each target in turn; new inputs go to build/corpus/<name>, findings to build/findings.
# usage: tools/run-fuzz.sh SECONDS DIR
set -u
passed=0
failed=0
mkdir -p build/findings
for src in tests/fuzz/fuzz_*.c; do
	name=$(basename "$src" .c)
	corpus=tests/fuzz/corpus/${name#fuzz_}
	mkdir -p "build/corpus/${name#fuzz_}"
	if "$2/$name" -max_total_time="$1" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
		-artifact_prefix="build/findings/${name#fuzz_}-" \
		"build/corpus/${name#fuzz_}" "$corpus" >"build/findings/$name.log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		tail -40 "build/findings/$name.log"
	fi
	echo "$name: $(grep -E '^(Done|stat::number)' "build/findings/$name.log" | tail -1)"
done
echo "fuzz: $passed passed, $failed failed"
[ $failed -eq 0 ]
