#!/bin/sh
# promtool, Prometheus's own checker: the one that is installed, or Debian's, unpacked into build/.  Its package
# isn't installed, since that starts a server on the machine and brings a web page's libraries.
# usage: tools/promtool.sh ARGUMENTS OF PROMTOOL
set -eu
if command -v promtool >/dev/null; then
	exec promtool "$@"
fi
here=$(dirname "$0")/../build/promtool
program=$here/usr/bin/promtool
if [ ! -x "$program" ]; then
	mkdir -p "$here/.."
	work=$(mktemp -d "$here.XXXXXX")
	download() { (cd "$work" && apt-get -qq download -o APT::Sandbox::User=root prometheus && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool); }
	if ! { download || { apt-get -qq update && download; }; } >&2; then
		rm -r "$work"
		echo "tools/promtool.sh: promtool is missing, and Debian's package prometheus can't be fetched; put a promtool into PATH" >&2
		exit 1
	fi
	rm "$work"/prometheus_*.deb
	rm -rf "$here" # left by an earlier release, or by who came first
	mv "$work" "$here"
fi
exec "$program" "$@"
