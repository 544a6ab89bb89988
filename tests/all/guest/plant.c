// SPDX-License-Identifier: GPL-2.0-only
// plant N: asks a kernel with planted.patch for its N-th mistake.
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  if (syscall(SYS_ptrace, 0x5000L + atoi(argv[1]), 0L, 0L, 0L) != 0) {
    perror("plant: ptrace");
    return 1;
  }
  return 0;
}
