// SPDX-License-Identifier: GPL-2.0-only
// A tracer that waits for the re-trap of a frozen tracee can be frozen itself.
//
// freezer wait|request: exits with 0, or says what went wrong and exits with 1.
// The freezer is that of cgroup v1, which freezes as suspend does: a task in
// its sleep, if that sleep allows it.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASYNC_RETRAP (1UL << 24)  // PTRACE_O_ASYNC_RETRAP
#define LIMIT_MS 20000
#define GROUPS "/tmp/freezer"
#define STOP(signal) (PTRACE_EVENT_STOP << 16 | (signal) << 8 | 0x7f)
#define SIGNAL_STOP(signal) ((signal) << 8 | 0x7f)

static void fail(const char* format, ...) {
  va_list words;
  va_start(words, format);
  vprintf(format, words);
  va_end(words);
  printf("\n");
  exit(1);
}

static void check(int good, const char* what) {
  if (!good) fail("%s: %s", what, strerror(errno));
}

static const char* path(const char* group, const char* file) {
  static char text[128];
  snprintf(text, sizeof text, GROUPS "/%s/%s", group, file);
  return text;
}

static void put(const char* group, const char* file, const char* value) {
  FILE* out = fopen(path(group, file), "w");
  check(out && fputs(value, out) >= 0 && fclose(out) == 0, path(group, file));
}

static int frozen(const char* group) {
  char state[32] = "";
  FILE* in = fopen(path(group, "freezer.state"), "r");
  check(in && fgets(state, sizeof state, in), path(group, "freezer.state"));
  fclose(in);
  return strcmp(state, "FROZEN\n") == 0;
}

// Eventually all of the group sleeps in the freezer.
static int freeze(const char* group, pid_t member) {
  char number[16];
  check(mkdir(path(group, ""), 0755) == 0, group);
  snprintf(number, sizeof number, "%d", member);
  put(group, "cgroup.procs", number);
  for (int ms = 0; ms < LIMIT_MS; ++ms, usleep(1000)) {
    // Again, as suspend does: a task that was about to sleep is left alone.
    put(group, "freezer.state", "FROZEN");
    if (frozen(group)) return 1;
  }
  return 0;
}

static int uninterruptible(pid_t pid) {
  char name[32], state = 0;
  snprintf(name, sizeof name, "/proc/%d/stat", pid);
  FILE* in = fopen(name, "r");
  check(in && fscanf(in, "%*d (%*[^)]) %c", &state) == 1, name);
  fclose(in);
  return state == 'D';
}

static void expect_stop(pid_t tracee, int expected) {
  int status = 0;
  check(waitpid(tracee, &status, __WALL) == tracee, "the tracer's waitpid");
  if (status != expected) fail("status %#x, not %#x", status, expected);
}

// Has the tracee in a STOP trap of which it knows, waits for `go`, and asks.
static void trace(pid_t tracee, int by_wait, int go, int done) {
  siginfo_t info;
  int status = 0;
  char byte = 0;
  unsigned long message;
  check(ptrace(PTRACE_SEIZE, tracee, 0, ASYNC_RETRAP) == 0, "PTRACE_SEIZE");
  check(kill(tracee, SIGSTOP) == 0, "kill");
  expect_stop(tracee, SIGNAL_STOP(SIGSTOP));
  check(ptrace(PTRACE_CONT, tracee, 0, SIGSTOP) == 0, "PTRACE_CONT");
  expect_stop(tracee, STOP(SIGSTOP));
  check(ptrace(PTRACE_GETSIGINFO, tracee, 0, &info) == 0, "PTRACE_GETSIGINFO");
  check(write(done, "r", 1) == 1 && read(go, &byte, 1) == 1, "pipe");
  if (by_wait) {
    pid_t found = waitpid(tracee, &status, __WALL | WNOHANG);
    if (found != tracee || status != STOP(SIGTRAP))
      fail("WNOHANG: %d, status %#x", found, status);
  } else {
    check(ptrace(PTRACE_GETEVENTMSG, tracee, 0, &message) == 0, "the request");
  }
  check(write(done, "d", 1) == 1, "pipe");
  exit(0);
}

static int readable(int fd, int ms) {
  struct pollfd one = {.fd = fd, .events = POLLIN};
  return poll(&one, 1, ms) == 1;
}

static void take(int fd, const char* what) {
  char byte = 0;
  if (!readable(fd, LIMIT_MS)) fail("in vain waited for: %s", what);
  if (read(fd, &byte, 1) != 1) fail("the tracer ended before: %s", what);
}

int main(int argc, char** argv) {
  int go[2], done[2];
  if (argc != 2) fail("freezer wait|request");
  setvbuf(stdout, NULL, _IONBF, 0);
  check(mkdir(GROUPS, 0755) == 0, GROUPS);
  check(mount("none", GROUPS, "cgroup", 0, "freezer") == 0, "mount");
  check(pipe(go) == 0 && pipe(done) == 0, "pipe");

  pid_t tracee = fork();
  check(tracee >= 0, "fork");
  if (tracee == 0)
    for (;;) pause();
  pid_t tracer = fork();
  check(tracer >= 0, "fork");
  if (tracer == 0) {
    close(done[0]);
    trace(tracee, strcmp(argv[1], "wait") == 0, go[0], done[1]);
  }
  close(done[1]);

  take(done[0], "the tracee in a STOP trap");
  if (!freeze("tracee", tracee)) fail("the tracee does not freeze");
  check(kill(tracee, SIGCONT) == 0, "kill");  // a re-trap that has to wait
  check(write(go[1], "g", 1) == 1, "pipe");
  int asleep_ms = 0;  // on end: not some other sleep
  for (int ms = 0; asleep_ms < 50; ++ms, usleep(1000)) {
    asleep_ms = uninterruptible(tracer) ? asleep_ms + 1 : 0;
    if (ms == LIMIT_MS) fail("the tracer does not wait for the re-trap");
  }
  if (!freeze("tracer", tracer)) fail("the tracer does not freeze");

  put("tracer", "freezer.state", "THAWED");
  if (readable(done[0], 100)) fail("the tracer has waited for nothing");
  put("tracee", "freezer.state", "THAWED");
  take(done[0], "the re-trap");
  kill(tracee, SIGKILL);
  int status = 0;
  check(waitpid(tracer, &status, 0) == tracer, "waitpid");
  if (status != 0) fail("the tracer: status %#x", status);
  printf("frozen and thawed\n");
  return 0;
}
