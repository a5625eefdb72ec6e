#!/bin/sh
# Lays out what the image is made of: the programs, exactly the libraries that ldd names for them, the
# system's certificate authorities and a user.  No shell, no package manager.
# usage: docker/rootfs.sh DIR PROGRAM...       makes DIR/root, and DIR/lib/makoto-proxy: empty, for the user alone
set -eu
[ $# -ge 2 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
dir=$1
root=$dir/root
shift
here=$(dirname "$0")
authorities=/etc/ssl/certs/ca-certificates.crt
[ -s $authorities ] || { echo "docker/rootfs.sh: $authorities is not there: tools/deps.sh image" >&2; exit 1; }

install -d "$root/usr/bin" "$root/etc/ssl/certs" "$root/etc/makoto-proxy" "$root/var/lib"
install -d -m 1777 "$root/var/tmp" # where makotoctl verify puts what doesn't fit into memory
install -d -m 700 "$dir/lib/makoto-proxy"
for program in "$@"; do
	if ldd "$program" | grep 'not found' >&2; then
		exit 1
	fi
	strip -o "$root/usr/bin/${program##*/}" "$program"
	# "libz.so.1 => /lib/…/libz.so.1 (0x…)", and the loader: "/lib64/ld-linux-x86-64.so.2 (0x…)"
	for library in $(ldd "$program" | sed -n 's/^.*[[:space:]]\(\/[^ ]*\) (0x[0-9a-f]*)$/\1/p'); do
		install -D "$(readlink -f "$library")" "$root$library"
	done
done

install -m 644 $authorities "$root$authorities"
# Where libcrypto looks for them by itself.
openssl_dir=$(openssl version -d | sed 's/^OPENSSLDIR: "\(.*\)"$/\1/')
install -d "$root$openssl_dir"
ln -s $authorities "$root$openssl_dir/cert.pem"
install -m 644 "$here/makoto-proxy.yaml" "$root/etc/makoto-proxy/"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
cat >"$root/etc/passwd" <<END
root:x:0:0:root:/:/sbin/nologin
makoto-proxy:x:65532:65532:Kafka attestation proxy:/var/lib/makoto-proxy:/sbin/nologin
END
cat >"$root/etc/group" <<END
root:x:0:
makoto-proxy:x:65532:
END
