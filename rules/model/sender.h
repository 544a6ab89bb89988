// SPDX-License-Identifier: GPL-2.0-only
// A process that sends signals while the tracer makes its calls. Unlike
// conform's Signaller it sleeps between orders, and sends any signal.
#ifndef RETRAP_MODEL_SENDER_H_
#define RETRAP_MODEL_SENDER_H_

#include <sys/types.h>

#include <atomic>

#include "core/sys/unique_fd.h"

namespace retrap::model {

class Sender {
 public:
  explicit Sender(int cpu);
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  Sender(Sender&&) = delete;
  Sender& operator=(Sender&&) = delete;
  ~Sender();

  // kill(2) of the process, in this order, when the sender comes to it.
  void order(pid_t process, int sig);
  [[nodiscard]] pid_t pid() const noexcept { return self_; }
  // Orders whose kill(2) has not returned.
  [[nodiscard]] int left() const noexcept;

 private:
  struct Order {
    pid_t process;
    int sig;
  };
  [[noreturn]] static void serve(const UniqueFd& orders, std::atomic<int>& sent,
                                 int cpu) noexcept;

  std::atomic<int>* sent_ = nullptr;  // shared
  int ordered_ = 0;
  UniqueFd orders_;
  pid_t self_ = -1;
};

}  // namespace retrap::model

#endif  // RETRAP_MODEL_SENDER_H_
