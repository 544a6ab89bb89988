// SPDX-License-Identifier: GPL-2.0-only
// QEMU's two threads in small: the main thread gives the other something to do,
// is delayed on its way back to poll(2), and counts how often the other was
// ahead of it. Prints that, of kRounds.
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <thread>

namespace {

constexpr int kRounds = 50;
pthread_mutex_t big_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t halted = PTHREAD_COND_INITIALIZER;
bool interrupt = false;  // under big_lock
std::atomic<int> slices_begun{0};
const int kIdle = ::eventfd(0, EFD_CLOEXEC);

void run_vcpus() {
  pthread_mutex_lock(&big_lock);
  for (int i = 0; i < kRounds; ++i) {
    const std::uint64_t one = 1;
    if (::write(kIdle, &one, sizeof one) != sizeof one) ::_exit(1);
    while (!interrupt) pthread_cond_wait(&halted, &big_lock);
    interrupt = false;
    pthread_mutex_unlock(&big_lock);
    ++slices_begun;
    pthread_mutex_lock(&big_lock);
  }
  pthread_mutex_unlock(&big_lock);
}

}  // namespace

int main() {
  std::thread vcpus(run_vcpus);
  int ahead = 0;
  for (int i = 0; i < kRounds; ++i) {
    pollfd file{kIdle, POLLIN, 0};
    while (::ppoll(&file, 1, nullptr, nullptr) != 1) {
    }
    std::uint64_t events = 0;
    if (::read(kIdle, &events, sizeof events) != sizeof events) return 1;
    pthread_mutex_lock(&big_lock);
    interrupt = true;
    pthread_cond_signal(&halted);
    pthread_mutex_unlock(&big_lock);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the delay
    ahead += slices_begun > i ? 1 : 0;
  }
  pollfd nothing{-1, 0, 0};
  const timespec a_moment{1, 0};
  ::ppoll(&nothing, 1, &a_moment, nullptr);  // the last turn is the other's
  vcpus.join();
  std::printf("ahead %d of %d\n", ahead, kRounds);
}
