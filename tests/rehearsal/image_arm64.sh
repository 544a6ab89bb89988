#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# image_arm64.sh OUT: the disk of a machine with EFI and systemd-boot, disk.raw
# (debian.sh).
#
# What Debian's hooks do on a machine with an EFI system partition is done here, with a
# tmpfs that is copied to one.
set -eu
out=$1
root=$out/root
esp=5245544f-0000-4000-8000-000000000001
slash=5245544f-0000-4000-8000-000000000002
esp_mib=256
slash_mib=2816

sh "${0%/*}/debian.sh" "$out" arm64 aarch64 \
  linux-image-cloud-arm64,systemd-boot,systemd-boot-efi
cat >"$root/etc/fstab" <<END
PARTUUID=$slash / ext4 errors=remount-ro 0 1
PARTUUID=$esp /boot/efi vfat umask=0077 0 0
END
# Of this machine's alone: qemu-user takes minutes for an initrd with all drivers.
echo MODULES=list >"$root/etc/initramfs-tools/conf.d/rehearsal"
printf 'virtio_pci\nvirtio_blk\next4\n' >>"$root/etc/initramfs-tools/modules"
chroot "$root" update-initramfs -c -k all

# Entries are named by the distribution: each machine has a machine-id of its own.
echo debian >"$root/etc/kernel/entry-token"
# nokaslr and mem: as in image_x86_64_efi.sh.
echo "root=PARTUUID=$slash ro console=ttyAMA0 nokaslr mem=900M" >"$root/etc/kernel/cmdline"
mkdir "$root/boot/efi"
mount -t tmpfs -o mode=700 tmpfs "$root/boot/efi"
mount -t proc proc "$root/proc"
chroot "$root" env SYSTEMD_RELAX_ESP_CHECKS=1 bootctl install --no-variables \
  --esp-path=/boot/efi --make-entry-directory=yes
echo "timeout 0" >"$root/boot/efi/loader/loader.conf"
for kernel in "$root"/boot/vmlinuz-*; do
  release=${kernel##*/vmlinuz-}
  chroot "$root" kernel-install add "$release" "/boot/vmlinuz-$release"
done

disk=$out/disk.raw
truncate -s "$((esp_mib + slash_mib + 2))M" "$disk"
sfdisk --quiet "$disk" <<END
label: gpt
start=1MiB, size=${esp_mib}MiB, type=uefi, uuid=$esp
start=$((1 + esp_mib))MiB, size=${slash_mib}MiB, type=linux, uuid=$slash
END
fat=$disk@@1M
mformat -i "$fat" -F -T "$((esp_mib << 11))" -h 255 -s 63 ::
mcopy -i "$fat" -s "$root"/boot/efi/* ::
umount "$root/boot/efi" "$root/proc"
mke2fs -q -t ext4 -d "$root" -E offset=$(((1 + esp_mib) << 20)) -F "$disk" \
  "${slash_mib}M"
umount "$root"
rmdir "$root"
