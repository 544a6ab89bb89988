// SPDX-License-Identifier: GPL-2.0-only
// retrap-nop: what elsewhere/fork-exec-exit-wait executes. Its exit status is
// kNopExit of scenarios/elsewhere_fork.h.
int main(void) { return 7; }
