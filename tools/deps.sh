#!/bin/sh
# Installs the Debian packages that a target needs, or says exactly what to type.
# usage: tools/deps.sh build|test|fuzz|lint...      does nothing when all are there
#        tools/deps.sh --list build...             only says which those are
set -eu

packages() {
	case $1 in
	build) echo gcc make pkg-config libc6-dev librdkafka-dev libevent-dev libssl-dev libyaml-dev libcurl4-openssl-dev \
		libjansson-dev libdeflate-dev liblz4-dev libzstd-dev libsnappy-dev zlib1g-dev bsdextrautils ;;
	demo) echo kcat jq ;;
	unit) echo check ;;
	e2e) echo kcat strace openjdk-17-jdk-headless maven golang-go python3 python3-venv openssl jq \
		krb5-kdc krb5-admin-server krb5-user libsasl2-modules-gssapi-mit chromium chromium-driver ;;
	clients) echo cargo-web ;;
	suites) echo cargo-web g++ make ;;
	image) echo ca-certificates openssl ;;
	deploy) echo buildah mmdebstrap systemd-container python3-yaml iproute2 golang-go ;;
	deb) echo build-essential debhelper dpkg-dev fakeroot lintian ;;
	fuzz) echo clang libclang-rt-14-dev ;;
	lint) echo shellcheck cppcheck python3 python3-venv python3-yaml clang mandoc systemd yamllint zsh ;;
	*) echo "tools/deps.sh: no such set: $1" >&2; exit 2 ;;
	esac
}

# A program that is there in another way than by its package counts as there.
provided() {
	case $1 in
	openjdk-17-jdk-headless) command -v javac ;;
	maven) command -v mvn ;;
	g++) command -v g++ ;;
	make) command -v make ;;
	golang-go) command -v go ;;
	python3) command -v python3 ;;
	python3-venv) python3 -c 'import ensurepip, venv' ;;
	python3-yaml) python3 -c 'import yaml' ;;
	clang) command -v clang ;;
	# Debian 12 has two: cargo is of 2022, cargo-web is what its browsers are built with.
	cargo-web) cargo --version && [ "$(cargo --version | sed 's/^cargo 1\.\([0-9]*\).*/\1/')" -ge 85 ] ;;
	*) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep 'install ok installed' ;;
	esac >/dev/null 2>&1
}

if [ "$1" = --list ]; then
	shift
	for set in "$@"; do packages "$set"; done
	exit 0
fi
missing=
for set in "$@"; do
	for p in $(packages "$set"); do
		provided "$p" || missing="$missing $p"
	done
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		as_root='sudo -n'
	else
		echo "These Debian packages are missing:$missing" >&2
		echo "Type:  sudo apt-get update && sudo apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
fi
echo "installing:$missing"
log=$(mktemp)
# shellcheck disable=SC2086 # the lists are meant to split
if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -20 "$log" >&2
	echo "apt-get could not install:$missing" >&2
	exit 1
fi
rm -f "$log"
