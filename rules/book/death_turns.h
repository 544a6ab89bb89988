// SPDX-License-Identifier: GPL-2.0-only
// SIGKILL meets what the tracer does, a turn each: what may be seen of it,
// whichever came first. Each costs its subject.
#ifndef RETRAP_BOOK_DEATH_TURNS_H_
#define RETRAP_BOOK_DEATH_TURNS_H_

#include <functional>

#include "book/encounter.h"
#include "book/requests.h"
#include "book/subject.h"

namespace retrap::conform {

// From a waited STOP trap, or what the tracer made of it.
void sigkill_meets_request(Subject& subject, Encounter& encounter,
                           const std::function<Errno()>& request);

// From a waited group-stop, acknowledged: a SIGCONT of the tracer, and a wait
// with WNOHANG, which is for the re-trap that it causes.
void sigkill_meets_retrap(Subject& subject, Encounter& encounter);

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_DEATH_TURNS_H_
