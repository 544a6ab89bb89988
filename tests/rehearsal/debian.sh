#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# debian.sh OUT ARCHITECTURE MACHINE PACKAGES: what the disks of all rehearsal machines
# have in common, for an image_*.sh: Debian in OUT/root, and for ssh key, key.pub and
# host.pub in OUT.
#
# It runs as root in a user and a mount namespace of its own (disk.py).  Debian is laid
# in a tmpfs there, which goes with the namespace.  Programs of a foreign MACHINE are
# run by qemu-user, which the namespace alone learns of.
set -eu
out=$1 arch=$2 machine=$3 packages=$4
root=$out/root

known=/proc/sys/fs/binfmt_misc
if [ "$arch" != "$(dpkg --print-architecture)" ] && [ ! -e "$known/qemu-$machine" ]; then
  mount -t binfmt_misc binfmt_misc "$known"
  grep ^: "/usr/lib/binfmt.d/qemu-$machine.conf" >"$known/register"
fi
mkdir "$root"
mount -t tmpfs -o mode=755,size=2G tmpfs "$root"
# The initrd is made once, when all is there.
INITRD=No mmdebstrap --quiet --mode=unshare --variant=minbase --architectures="$arch" \
  --skip=check/qemu --dpkgopt=force-unsafe-io \
  --include=systemd-sysv,udev,dbus,kmod,openssh-server,iproute2,python3,linux-perf \
  --include="$packages" bookworm "$root"

ssh-keygen -q -t ed25519 -N '' -C rehearsal -f "$out/key"
mkdir -p "$root/root/.ssh"
chmod 700 "$root/root/.ssh"
cp "$out/key.pub" "$root/root/.ssh/authorized_keys"
cp "$root/etc/ssh/ssh_host_ed25519_key.pub" "$out/host.pub"

echo target >"$root/etc/hostname"
echo "127.0.0.1 localhost target" >"$root/etc/hosts"
: >"$root/etc/machine-id"
cat >"$root/etc/systemd/network/wired.network" <<END
[Match]
Name=e*
[Network]
DHCP=ipv4
LinkLocalAddressing=no
END
chroot "$root" systemctl --quiet enable systemd-networkd.service
# None of them is of use for an hour's life, and each costs a boot time.
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  systemd-networkd-wait-online.service modprobe@.service \
  dev-hugepages.mount dev-mqueue.mount
