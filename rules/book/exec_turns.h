// SPDX-License-Identifier: GPL-2.0-only
// One thread of two executes another program while its sibling is trapped.
#ifndef RETRAP_BOOK_EXEC_TURNS_H_
#define RETRAP_BOOK_EXEC_TURNS_H_

#include "book/encounter.h"
#include "book/subject.h"

namespace retrap::conform {

// Thread 1 - `trapped` was told to execute, and runs or waits to be resumed:
// another program runs eventually, and `trapped` is gone.
void expect_exec(const Subject& subject, int trapped);

// From a group-stop, both threads acknowledged and `trapped` re-armed, with
// PTRACE_O_TRACEEXIT: so that the call, which begins the exec, ends with the
// first report of `trapped`, of the SIGCONT or of its death.
void sigcont_meets_exec(const Subject& subject, Encounter& encounter,
                        int trapped);

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_EXEC_TURNS_H_
