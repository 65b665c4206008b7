# Installs Debian packages so that their servers neither start themselves nor create a database.
#   $1 prefix of the system's root folder (empty outside of tests)
#   then the packages
# Both guards exist only while this script runs; what was there before is left alone.
set -eu
root=$1
shift
policy=$root/usr/sbin/policy-rc.d
common=$root/etc/postgresql-common
clusters=$common/createcluster.d
cluster=$clusters/tandem-devkit.conf
made=
cleanup() {
    case $made in *policy*) rm -f "$policy" ;; esac
    case $made in *cluster*) rm -f "$cluster" ;; esac
    case $made in *folder*) rmdir "$clusters" "$common" 2>/dev/null || : ;; esac
}
# One at a time: a second run would take the first one's guards for the administrator's.
exec 9<"$root/usr/sbin"
if command -v flock >/dev/null; then
    flock 9
fi
trap cleanup EXIT
trap 'exit 130' HUP INT TERM

if [ ! -e "$policy" ]; then
    made="$made policy"
    (
        set -C
        printf '#!/bin/sh\nexit 101\n' >"$policy"
    )
    chmod 755 "$policy"
fi
if [ ! -d "$clusters" ]; then
    made="$made folder"
    mkdir -p "$clusters"
fi
if [ ! -e "$cluster" ]; then
    made="$made cluster"
    echo 'create_main_cluster = false' >"$cluster"
fi

export DEBIAN_FRONTEND=noninteractive
# Old lists may still do, and a third-party source that is down is no reason to stop.
apt-get update || echo 'apt-get update failed; trying with the lists at hand'
apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" 9<&-
