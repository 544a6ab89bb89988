// SPDX-License-Identifier: GPL-2.0-only
// Words, 0 at first, that a process and its children see.
#ifndef RETRAP_SCENARIOS_SHARED_WORDS_H_
#define RETRAP_SCENARIOS_SHARED_WORDS_H_

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>

#include "core/sys/check.h"

namespace retrap {

class SharedWords {
 public:
  using Word = std::atomic<std::uint32_t>;
  static_assert(Word::is_always_lock_free);

  explicit SharedWords(std::size_t count) : count_(count) {
    void* memory = ::mmap(nullptr, count * sizeof(Word), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw_errno(errno, "mmap of shared words");
    words_ = new (memory) Word[count]{};
  }
  SharedWords(const SharedWords&) = delete;
  SharedWords& operator=(const SharedWords&) = delete;
  SharedWords(SharedWords&&) = delete;
  SharedWords& operator=(SharedWords&&) = delete;
  ~SharedWords() { (void)::munmap(words_, count_ * sizeof(Word)); }

  Word& operator[](std::size_t i) const noexcept { return words_[i]; }

 private:
  std::size_t count_;
  Word* words_;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_SHARED_WORDS_H_
