// SPDX-License-Identifier: GPL-2.0-only
// A tracee that does the same system calls each time: victim family|threads.
//
// Two processes, or a process of three threads. The helpers read from a pipe;
// the main one says "ready PID", reads a line from its terminal, lets the
// helpers go, says "bye" and exits 3.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int channel[2];

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void* helper(void* unused) {
  char byte;
  if (read(channel[0], &byte, 1) != 1) fail("victim: read from the pipe");
  return unused;
}

static void say(const char* text) {
  if (write(1, text, strlen(text)) < 0) fail("victim: write");
}

static void read_line(void) {
  char text[64], line[16];
  snprintf(text, sizeof text, "ready %d\n", (int)getpid());
  say(text);
  if (read(0, line, sizeof line) <= 0) fail("victim: read from the terminal");
}

static void run_family(void) {
  sigset_t chld;  // would interrupt the read at a moment of its own
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  sigprocmask(SIG_BLOCK, &chld, NULL);
  pid_t child = fork();
  if (child < 0) fail("victim: fork");
  if (child == 0) {
    helper(NULL);
    _exit(0);
  }
  read_line();
  if (write(channel[1], "x", 1) != 1) fail("victim: write to the pipe");
  if (waitpid(child, NULL, 0) != child) fail("victim: waitpid");
}

static void run_threads(void) {
  enum { kHelpers = 2 };
  pthread_t thread[kHelpers];
  for (int i = 0; i < kHelpers; i++)
    if (pthread_create(&thread[i], NULL, helper, NULL) != 0)
      fail("victim: pthread_create");
  read_line();
  if (write(channel[1], "xx", kHelpers) != kHelpers) fail("victim: write");
  for (int i = 0; i < kHelpers; i++) pthread_join(thread[i], NULL);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  if (pipe(channel) != 0) fail("victim: pipe");
  if (strcmp(argv[1], "threads") == 0)
    run_threads();
  else
    run_family();
  say("bye\n");
  return 3;
}
