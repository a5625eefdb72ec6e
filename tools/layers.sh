#!/bin/sh
# Who may include whom.  Refuses an include of a room that is not listed for the
# includer, and a library header outside its room.  DESIGN.md explains the rooms.
# usage: tools/layers.sh [DIR]      prints each offence; exit 1 when there is one
set -u
cd "${1:-.}" || exit 2
rooms='
base:
digest: base
net: base
kafka: base digest
makoto: base digest
keys: base digest cloud
rdkafka: base net/wake.h
cloud: base digest
sasl: base digest cloud
config: base cloud/kms_arn.h
attest: base digest kafka makoto keys rdkafka
trust: base makoto keys config/document.h
verify: base digest kafka makoto keys trust rdkafka
proxy: base net kafka config
stages: base digest kafka makoto keys rdkafka sasl config attest trust verify proxy/stage.h
admin: base digest net config
reach: base net/tls.h sasl config proxy/login.h
survey: base kafka makoto/manifest.h keys/keygen.h keys/signer.h sasl/peek.h config net/addr.h net/listen.h net/tls.h proxy/caller.h proxy/login.h reach attest/holder.h attest/outlook.h
daemon: base digest cloud net kafka makoto keys rdkafka sasl config attest trust verify proxy stages admin reach survey
ctl: base digest kafka makoto keys rdkafka sasl trust verify config net/tls.h proxy/gate.h reach attest/heads.h attest/holder.h attest/journal_entry.h attest/journal_read.h attest/outlook.h
'
# A library's headers, and the rooms that may include them.
libs='
event2/: net
openssl/ssl.h: net
openssl/x509v3.h: net keys
openssl/err.h: net keys
openssl/sha.h: digest
openssl/: keys sasl cloud
curl/: cloud
librdkafka/: rdkafka
yaml.h: config
jansson.h: makoto rdkafka attest cloud sasl ctl
zlib.h: kafka
libdeflate.h: kafka
lz4frame.h: kafka
lz4.h: kafka
zstd.h: kafka
snappy-c.h: kafka
'
bad=0
for file in $(find src -name '*.c' -o -name '*.h' -o -name '*.def' | sort); do
	room=${file#src/}
	room=${room%%/*}
	may=$(printf '%s' "$rooms" | sed -n "s/^$room: *//p")
	for inc in $(sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$file"); do
		into=${inc%%/*}
		[ "$into" = "$room" ] && continue
		ok=no
		for m in $may; do
			{ [ "$m" = "$into" ] || [ "$m" = "$inc" ]; } && ok=yes
		done
		[ $ok = yes ] || { echo "$file: includes \"$inc\"; the room $room may include: ${may:-nothing}"; bad=1; }
	done
	for inc in $(sed -n 's/^ *# *include *<\([^>]*\)>.*/\1/p' "$file"); do
		for line in $(printf '%s' "$libs" | tr ' ' ',' ); do
			prefix=${line%%:*}
			case $inc in "$prefix"*) ;; *) continue ;; esac
			ok=no
			for m in $(printf '%s' "${line#*:}" | tr ',' ' '); do
				[ "$m" = "$room" ] && ok=yes
			done
			[ $ok = yes ] || { echo "$file: includes <$inc>; that library lives in: $(printf '%s' "${line#*:}" | tr ',' ' ')"; bad=1; }
			break
		done
	done
done
exit $bad
