// SPDX-License-Identifier: GPL-2.0-only
// tracer/call/notify-...: a call that a supervisor without ptrace answers
// (SECCOMP_RET_USER_NOTIF). From before the answer to a getppid(2) until the
// notification of the next one is received.
//
//   continue  the kernel executes the call
//   value     the supervisor's value is its result
//
// The supervisor has the listener from the tracee by pidfd_getfd(2). A
// notification brings the call and its arguments, so no look is timed.
//
// seccomp_notify_send(), seccomp_do_user_notification(),
// seccomp_notify_recv(). No parent and no wait(2) is told.
#ifndef RETRAP_SCENARIOS_TRACER_NOTIFIED_CALL_H_
#define RETRAP_SCENARIOS_TRACER_NOTIFIED_CALL_H_

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "core/ptrace/tracee.h"
#include "core/sys/check.h"
#include "core/sys/unique_fd.h"
#include "scenarios/family.h"
#include "scenarios/floor_pipe.h"
#include "scenarios/seccomp_filter.h"

namespace retrap {

enum class Reply { kContinue, kValue };

template <Reply kReply>
class NotifiedCall {
 public:
  static constexpr FamilyInfo kFamily{
      .name = kReply == Reply::kContinue ? "tracer/call/notify-continue"
                                         : "tracer/call/notify-value",
      .help = kReply == Reply::kContinue
                  ? "a call that a supervisor lets pass"
                  : "a call that a supervisor answers itself",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected{};  // no wait

  static const char* missing() noexcept {
    return has_seccomp_action(SECCOMP_RET_USER_NOTIF)
               ? nullptr
               : "SECCOMP_RET_USER_NOTIF (CONFIG_SECCOMP_FILTER)";
  }

  explicit NotifiedCall(const CellConfig& config)
      : tracee_(
            Tracee::spawn([this] { call_for_ever(); }, config.ends.tracee_cpu)),
        steps_(tracee_.pid(), config.ends.same_cpu()) {
    number_.writer.reset();  // so that a dead tracee ends the read
    int number = -1;
    const auto got = check_unix(
        ::read(number_.reader.get(), &number, sizeof number), "read a number");
    if (got != sizeof number) throw_errno(ECHILD, "set-up of the filter");
    const UniqueFd tracee(static_cast<int>(
        check_unix(::syscall(SYS_pidfd_open, tracee_.pid(), 0), "pidfd_open")));
    listener_ = UniqueFd(static_cast<int>(check_unix(
        ::syscall(SYS_pidfd_getfd, tracee.get(), number, 0), "pidfd_getfd")));
  }

  // The call waits for its answer.
  bool arm() noexcept {
    if (!begun_ && !receive()) return false;
    begun_ = true;
    return steps_.asleep_in(SYS_getppid) && is_getppid();
  }

  WaitStatus fire() noexcept {
    return answer() && receive() ? kExpected : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  // The listener stays open in the tracee, who has no use for it.
  void call_for_ever() const {
    const int number = filter_getppid(SECCOMP_RET_USER_NOTIF,
                                      SECCOMP_FILTER_FLAG_NEW_LISTENER);
    (void)!::write(number_.writer.get(), &number, sizeof number);
    for (;;) (void)::syscall(SYS_getppid);
  }
  bool is_getppid() noexcept {
    return (call_.data.nr == SYS_getppid &&
            call_.pid == static_cast<std::uint32_t>(tracee_.pid())) ||
           steps_.not_reached("the notification is of another call");
  }
  bool answer() noexcept {
    seccomp_notif_resp answer{};
    answer.id = call_.id;
    if constexpr (kReply == Reply::kContinue)
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    else
      answer.val = 1;
    return ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0 ||
           steps_.call_failed("SECCOMP_IOCTL_NOTIF_SEND");
  }
  bool receive() noexcept {
    call_ = {};  // the kernel wants it so
    return ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call_) == 0 ||
           steps_.call_failed("SECCOMP_IOCTL_NOTIF_RECV");
  }

  Pipe number_;
  Tracee tracee_;
  Steps steps_;
  UniqueFd listener_;
  seccomp_notif call_{};
  bool begun_ = false;
};

inline const Registration<NotifiedCall<Reply::kContinue>> kNotifyContinue;
inline const Registration<NotifiedCall<Reply::kValue>> kNotifyValue;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_NOTIFIED_CALL_H_
