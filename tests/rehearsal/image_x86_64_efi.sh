#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# image_x86_64_efi.sh OUT: the disk of a machine with EFI, GRUB and a partition for
# /boot, disk.raw (debian.sh).
#
# GRUB's own grub.cfg is written by the machine in its first boot. Its kernel is told
# where to lie, and to leave what EFI has at the end of memory: what EFI leaves there
# differs from boot to boot, and with that the sysctls that follow memory.
set -eu
out=$1
root=$out/root
esp=5245544f-0000-4000-8000-000000000011
boot=5245544f-0000-4000-8000-000000000012
slash=5245544f-0000-4000-8000-000000000013
esp_mib=64
boot_mib=320
slash_mib=2816

sh "${0%/*}/debian.sh" "$out" amd64 x86_64 \
  linux-image-cloud-amd64,grub-efi-amd64-bin,grub2-common
chroot "$root" update-initramfs -c -k all
cat >"$root/etc/fstab" <<END
PARTUUID=$slash / ext4 errors=remount-ro 0 1
PARTUUID=$boot /boot ext4 defaults 0 2
PARTUUID=$esp /boot/efi vfat umask=0077 0 0
END
# Else it is loaded, and so a part of each kernel that is made for this machine.
echo "blacklist kvm_amd" >"$root/etc/modprobe.d/rehearsal.conf"

mkdir -p "$root/etc/default/grub.d" "$root/boot/grub/x86_64-efi" "$root/boot/efi"
cat >"$root/etc/default/grub.d/rehearsal.cfg" <<END
GRUB_TIMEOUT=0
GRUB_RECORDFAIL_TIMEOUT=0
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX="console=ttyS0,115200 nokaslr mem=900M"
GRUB_TERMINAL=serial
END
cp "$root"/usr/lib/grub/x86_64-efi/*.mod "$root"/usr/lib/grub/x86_64-efi/*.lst \
  "$root/boot/grub/x86_64-efi"
chroot "$root" grub-editenv /boot/grub/grubenv create
kernel=$(chroot "$root" sh -c 'echo /boot/vmlinuz-*')
cat >"$root/boot/grub/grub.cfg" <<END
linux ${kernel#/boot} root=PARTUUID=$slash ro console=ttyS0,115200
initrd /initrd.img-${kernel#/boot/vmlinuz-}
boot
END
# Its modules are those of the machine's own GRUB, so it must be the same one.
chroot "$root" grub-mkimage -O x86_64-efi -p '(hd0,gpt2)/grub' -o /BOOTX64.EFI \
  part_gpt ext2
mv "$root/BOOTX64.EFI" "$out/BOOTX64.EFI"

disk=$out/disk.raw
truncate -s "$((esp_mib + boot_mib + slash_mib + 2))M" "$disk"
sfdisk --quiet "$disk" <<END
label: gpt
start=1MiB, size=${esp_mib}MiB, type=uefi, uuid=$esp
start=$((1 + esp_mib))MiB, size=${boot_mib}MiB, type=linux, uuid=$boot
start=$((1 + esp_mib + boot_mib))MiB, size=${slash_mib}MiB, type=linux, uuid=$slash
END
fat=$disk@@1M
mformat -i "$fat" -F -T "$((esp_mib << 11))" -h 255 -s 63 ::
mmd -i "$fat" ::/EFI ::/EFI/BOOT
mcopy -i "$fat" "$out/BOOTX64.EFI" ::/EFI/BOOT/BOOTX64.EFI
rmdir "$root/boot/efi"
mkdir "$out/boot"
mount -t tmpfs -o mode=755 tmpfs "$out/boot"
cp -a "$root/boot/." "$out/boot"
mkdir "$out/boot/efi"
find "$root/boot" -mindepth 1 -delete
mke2fs -q -t ext4 -d "$out/boot" -E offset=$(((1 + esp_mib) << 20)) -F "$disk" \
  "${boot_mib}M"
mke2fs -q -t ext4 -d "$root" -E offset=$(((1 + esp_mib + boot_mib) << 20)) \
  -F "$disk" "${slash_mib}M"
umount "$out/boot" "$root"
rmdir "$out/boot" "$root"
rm "$out/BOOTX64.EFI"
