// SPDX-License-Identifier: GPL-2.0-only
// A process that signals the subject while the tracer makes its calls: for
// the rules that are races. It runs on the last usable CPU.
#ifndef RETRAP_BOOK_SIGNALLER_H_
#define RETRAP_BOOK_SIGNALLER_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace retrap::conform {

class Signaller {
 public:
  // Sends `sig` to the process `pid` once an order. Returns when it is ready
  // to.
  Signaller(pid_t pid, int sig);
  Signaller(const Signaller&) = delete;
  Signaller& operator=(const Signaller&) = delete;
  Signaller(Signaller&&) = delete;
  Signaller& operator=(Signaller&&) = delete;
  ~Signaller();

  // At another process; every order is carried out.
  void aim(pid_t pid) noexcept;

  // Returns before the signal is sent; it may even be sent during the call.
  void order() noexcept;
  // The last order is being carried out.
  [[nodiscard]] bool has_begun() const noexcept;
  // Every order is carried out.
  [[nodiscard]] bool is_done() const noexcept;
  // Until every order is carried out; false when that takes too long.
  [[nodiscard]] bool finish() const noexcept;

 private:
  struct Page {
    std::atomic<bool> serves;
    std::atomic<pid_t> pid;
    std::atomic<std::uint64_t> ordered;
    std::atomic<std::uint64_t> begun;
    std::atomic<std::uint64_t> sent;
  };
  // `spins` until the next order; where vCPUs take turns that would hold up all
  // others until a tick.
  [[noreturn]] static void serve(Page& page, pid_t tracer, int sig,
                                 bool spins) noexcept;

  Page* page_ = nullptr;
  pid_t self_ = -1;
};

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_SIGNALLER_H_
