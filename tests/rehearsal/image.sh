#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# image.sh OUT: the disk of a rehearsal machine, and the keys to it.
#
# Run as root in a mount namespace of its own (disk.py): Debian is laid in a tmpfs
# there, which goes with the namespace.  In OUT: disk.raw, and for ssh key, key.pub
# and host.pub.  GRUB's own grub.cfg is written by the machine in its first boot.
set -eu
out=$1
root=$out/root
suite=bookworm
label=52455452  # of the disk; its first partition is PARTUUID=$label-01
size_mib=3072

mkdir "$root"
mount -t tmpfs -o mode=755,size=2G tmpfs "$root"
mmdebstrap --quiet --mode=root --variant=minbase --dpkgopt=force-unsafe-io \
  --include=linux-image-cloud-amd64,grub-pc,systemd-sysv,udev,dbus,kmod \
  --include=openssh-server,iproute2,python3,linux-perf "$suite" "$root"

ssh-keygen -q -t ed25519 -N '' -C rehearsal -f "$out/key"
mkdir -p "$root/root/.ssh"
chmod 700 "$root/root/.ssh"
cp "$out/key.pub" "$root/root/.ssh/authorized_keys"
cp "$root/etc/ssh/ssh_host_ed25519_key.pub" "$out/host.pub"

echo target >"$root/etc/hostname"
echo "127.0.0.1 localhost target" >"$root/etc/hosts"
echo "PARTUUID=$label-01 / ext4 errors=remount-ro 0 1" >"$root/etc/fstab"
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

# Else it is loaded, and so a part of each kernel that is made for this machine.
echo "blacklist kvm_amd" >"$root/etc/modprobe.d/rehearsal.conf"

mkdir -p "$root/etc/default/grub.d" "$root/boot/grub/i386-pc"
cat >"$root/etc/default/grub.d/rehearsal.cfg" <<END
GRUB_TIMEOUT=0
GRUB_RECORDFAIL_TIMEOUT=0
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX="console=ttyS0,115200"
GRUB_TERMINAL=serial
END
cp "$root"/usr/lib/grub/i386-pc/*.mod "$root"/usr/lib/grub/i386-pc/*.lst \
  "$root/boot/grub/i386-pc"
chroot "$root" grub-editenv /boot/grub/grubenv create
cat >"$root/boot/grub/grub.cfg" <<END
linux /vmlinuz root=PARTUUID=$label-01 ro console=ttyS0,115200
initrd /initrd.img
boot
END
# Its modules are those of the machine's own GRUB, so it must be the same one.
chroot "$root" grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -o /core.img \
  biosdisk part_msdos ext2
mv "$root/core.img" "$out/core.img"

disk=$out/disk.raw
truncate -s "${size_mib}M" "$disk"
printf 'label: dos\nlabel-id: 0x%s\nstart=2048, type=83, bootable\n' "$label" |
  sfdisk --quiet "$disk"
mke2fs -q -t ext4 -d "$root" -E offset=$((2048 * 512)) -F "$disk" \
  "$((size_mib - 1))M"
dd if="$root/usr/lib/grub/i386-pc/boot.img" of="$disk" bs=440 count=1 \
  conv=notrunc status=none
dd if="$out/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none
umount "$root"
rmdir "$root"
rm "$out/core.img"
