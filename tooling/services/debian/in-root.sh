#!/bin/sh
# in-root.sh SHARED ROOT PROGRAM…: becomes PROGRAM (its process id is the caller's child's), which sees the folder ROOT as /, and the folder SHARED
# under the path that it has outside. The mounts belong to the process alone: they go when it ends, however it ends.
set -eu
shared=$1 root=$2
shift 2
# Anybody but root becomes root of a namespace of users, where the system allows it.
if [ "$(id -u)" = 0 ]; then own=; else own='--user --map-root-user'; fi
# shellcheck disable=SC2086
exec unshare $own --mount --propagation private /bin/sh -euc '
shared=$1 root=$2
shift 2
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind /tmp "$root/tmp"
mkdir -p "$root$shared" "$root/etc"
mount --bind "$shared" "$root$shared"
for name in hosts resolv.conf passwd group hostname nsswitch.conf; do
  [ -e "/etc/$name" ] || continue
  [ -e "$root/etc/$name" ] || : >"$root/etc/$name"
  mount --bind "/etc/$name" "$root/etc/$name"
done
exec chroot "$root" "$@"
' in-root "$shared" "$root" "$@"
