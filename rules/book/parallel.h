// SPDX-License-Identifier: GPL-2.0-only
#ifndef RETRAP_BOOK_PARALLEL_H_
#define RETRAP_BOOK_PARALLEL_H_

namespace retrap::conform {

// The two CPUs of this machine run at the same time. Not so with one CPU, nor
// in a guest whose vCPUs take turns (exact mode).
[[nodiscard]] bool cpus_run_in_parallel();

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_PARALLEL_H_
