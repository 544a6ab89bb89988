#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# image_x86_64.sh OUT [PACKAGES]: the disk of a machine with GRUB, disk.raw
# (debian.sh).
#
# GRUB's own grub.cfg is written by the machine in its first boot.
set -eu
out=$1
root=$out/root
label=52455452  # of the disk; its first partition is PARTUUID=$label-01
size_mib=3072

sh "${0%/*}/debian.sh" "$out" amd64 x86_64 \
  "linux-image-cloud-amd64,grub-pc${2:+,$2}"
chroot "$root" update-initramfs -c -k all
echo "PARTUUID=$label-01 / ext4 errors=remount-ro 0 1" >"$root/etc/fstab"
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
kernel=$(chroot "$root" sh -c 'echo /boot/vmlinuz-*')
cat >"$root/boot/grub/grub.cfg" <<END
linux $kernel root=PARTUUID=$label-01 ro console=ttyS0,115200
initrd /boot/initrd.img-${kernel#/boot/vmlinuz-}
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
mke2fs -q -t ext4 -d "$root" -E offset=$((1 << 20)) -F "$disk" "$((size_mib - 1))M"
dd if="$root/usr/lib/grub/i386-pc/boot.img" of="$disk" bs=440 count=1 \
  conv=notrunc status=none
dd if="$out/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none
umount "$root"
rmdir "$root"
rm "$out/core.img"
