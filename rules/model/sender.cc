// SPDX-License-Identifier: GPL-2.0-only
#include "model/sender.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "core/ptrace/wait.h"
#include "core/sys/affinity.h"
#include "core/sys/check.h"

namespace retrap::model {

Sender::Sender(int cpu) {
  void* page = ::mmap(nullptr, sizeof(*sent_), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) check_unix(-1, "mmap of the sender's counter");
  sent_ = ::new (page) std::atomic<int>(0);
  int ends[2];
  check_unix(::pipe2(ends, O_CLOEXEC), "pipe2");
  const UniqueFd reader(ends[0]);
  orders_ = UniqueFd(ends[1]);
  self_ = check_unix(::fork(), "fork of the sender");
  if (self_ != 0) return;
  orders_.reset();  // or the end of file would never come
  serve(reader, *sent_, cpu);
}

Sender::~Sender() {
  orders_.reset();
  kill_and_reap(self_);
  (void)::munmap(sent_, sizeof(*sent_));
}

void Sender::order(pid_t process, int sig) {
  const Order order{process, sig};
  ++ordered_;
  check_unix(::write(orders_.get(), &order, sizeof order), "order a signal");
}

int Sender::left() const noexcept { return ordered_ - *sent_; }

void Sender::serve(const UniqueFd& orders, std::atomic<int>& sent,
                   int cpu) noexcept {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  pin_to_cpu(cpu);
  Order order{};
  while (::read(orders.get(), &order, sizeof order) == sizeof order) {
    (void)::kill(order.process, order.sig);
    ++sent;
  }
  ::_exit(0);
}

}  // namespace retrap::model
