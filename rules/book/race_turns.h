// SPDX-License-Identifier: GPL-2.0-only
// The race rules, a turn each: a signal meets a request, and what must follow
// whichever came first. A turn ends in the state in which the next can begin.
#ifndef RETRAP_BOOK_RACE_TURNS_H_
#define RETRAP_BOOK_RACE_TURNS_H_

#include "book/encounter.h"
#include "book/requests.h"
#include "book/subject.h"
#include "core/ptrace/interface.h"

namespace retrap::conform {

using Turn = void (*)(const Subject& subject, Encounter& encounter);

// From and to a waited STOP(TRAP) of a running group (interrupt_into_trap).
void sigcont_meets_listen(const Subject& subject, Encounter& encounter);
void sigcont_meets_jobctl_cont(const Subject& subject, Encounter& encounter);
void sigcont_meets_interrupt_after_jobctl_cont(const Subject& subject,
                                               Encounter& encounter);

// From and to user mode, seized.
void sigcont_meets_interrupt_while_listening(const Subject& subject,
                                             Encounter& encounter);
void sigcont_meets_jobctl_cont_in_group_stop(const Subject& subject,
                                             Encounter& encounter);
void sigcont_meets_interrupt_then_jobctl_cont(const Subject& subject,
                                              Encounter& encounter);
void sigcont_meets_interrupt_then_cont(const Subject& subject,
                                       Encounter& encounter);
void sigcont_meets_cont(const Subject& subject, Encounter& encounter);
void sigcont_meets_getsiginfo(const Subject& subject, Encounter& encounter);

// From and to an acknowledged STOP(TRAP) of the first of two threads, the only
// one that is traced. The SIGSTOP is the other's, who stops the group.
void sigstop_meets_getsiginfo(const Subject& subject, Encounter& encounter);

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_RACE_TURNS_H_
