# shellcheck shell=bash
# What the prepare scripts share: steps that run again only when one of their inputs changed.

stale() { # MARK INPUT...
	local mark=$1 sum
	shift
	sum=$(cat "$@" | sha256sum)
	[ "$(cat "$mark" 2>/dev/null || true)" != "$sum" ]
}
mark() { # MARK INPUT...
	local mark=$1
	shift
	cat "$@" | sha256sum >"$mark"
}
quietly() { # WHAT COMMAND...
	local what=$1 log
	shift
	echo "preparing: $what"
	log=$(mktemp)
	if ! "$@" >"$log" 2>&1; then
		tail -30 "$log" >&2
		rm -f "$log"
		echo "could not prepare: $what" >&2
		exit 1
	fi
	rm -f "$log"
}
need() { # SETS-OF-deps.sh PROGRAM...
	local sets=$1 p
	shift
	for p in "$@"; do
		command -v "$p" >/dev/null || { echo "the end-to-end tests need $p: run tools/deps.sh $sets" >&2; exit 1; }
	done
}
kafka_release() { # the one that the lab runs, and that the schema table is made from
	sed -n 's:.*<kafka>\(.*\)</kafka>.*:\1:p' tests/e2e/lab/pom.xml
}
