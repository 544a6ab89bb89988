// SPDX-License-Identifier: GPL-2.0-only
/*
 * retrap-handstop SAMPLES THREADS attach|seize one-by-one|at-once
 *
 * tracer/stop/... of sleeping threads at same-cpu by hand. Shares no line with
 * retrap-bench; tests/guest compares the medians. A line a sample: nanoseconds
 * from the first request to the last stop, to the last PTRACE_GETREGSET, and to
 * the last PTRACE_DETACH.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 1000
#define STOP_TRAP 0x80057f
#define STOP_SIGNAL 0x137f

static pid_t tids[MOST];
static int threads, seizes, at_once;

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *sleeps(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static pid_t sleeping_process(void)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 1; i < threads; i++) {
			pthread_t unused;

			if (pthread_create(&unused, NULL, sleeps, NULL))
				errx(1, "pthread_create");
		}
		sleeps(NULL);
	}
	return child;
}

static int listed(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int found = 0;

	if (!directory)
		err(1, "%s", path);
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.' && found < MOST)
			tids[found++] = atoi(entry->d_name);
	closedir(directory);
	return found;
}

static void find_threads(pid_t child)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)child);
	while (listed(path) < threads)
		sched_yield();
}

/* "running", or the call the thread sleeps in once it has left its CPU. */
static void wait_until_asleep(pid_t tid)
{
	char path[64], text[128];
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)tid);
	do {
		int file = open(path, O_RDONLY | O_CLOEXEC);

		if (file < 0)
			err(1, "%s", path);
		sched_yield();
		got = read(file, text, sizeof(text) - 1);
		if (got <= 0)
			err(1, "read of %s", path);
		close(file);
	} while (!strncmp(text, "running", 7));
}

static void ask(int i)
{
	if (!seizes) {
		if (ptrace(PTRACE_ATTACH, tids[i], 0, 0))
			err(1, "PTRACE_ATTACH");
		return;
	}
	if (ptrace(PTRACE_SEIZE, tids[i], 0, PTRACE_O_EXITKILL) ||
	    ptrace(PTRACE_INTERRUPT, tids[i], 0, 0))
		err(1, "PTRACE_SEIZE, PTRACE_INTERRUPT");
}

static void wait_for_stop(int i)
{
	int status;

	if (waitpid(tids[i], &status, __WALL) != tids[i])
		err(1, "waitpid");
	if (status != (seizes ? STOP_TRAP : STOP_SIGNAL))
		errx(1, "status %#x", (unsigned int)status);
}

static void stop_all(void)
{
	for (int i = 0; i < threads; i++) {
		ask(i);
		if (!at_once)
			wait_for_stop(i);
	}
	for (int i = 0; at_once && i < threads; i++)
		wait_for_stop(i);
}

static void examine_all(void)
{
	struct user_regs_struct registers;

	for (int i = 0; i < threads; i++) {
		struct iovec place = { &registers, sizeof(registers) };

		if (ptrace(PTRACE_GETREGSET, tids[i], NT_PRSTATUS, &place))
			err(1, "PTRACE_GETREGSET");
	}
}

static void release_all(void)
{
	for (int i = 0; i < threads; i++)
		if (ptrace(PTRACE_DETACH, tids[i], 0, 0))
			err(1, "PTRACE_DETACH");
}

int main(int argc, char **argv)
{
	cpu_set_t one;
	int samples;

	if (argc != 5)
		errx(2, "SAMPLES THREADS attach|seize one-by-one|at-once");
	samples = atoi(argv[1]);
	threads = atoi(argv[2]);
	if (threads < 1 || threads > MOST)
		errx(2, "1 to %d threads", MOST);
	seizes = !strcmp(argv[3], "seize");
	at_once = !strcmp(argv[4], "at-once");
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		err(1, "sched_setaffinity");
	/* as retrap-bench: the tracee does not preempt its tracer */
	if (sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 }))
		err(1, "sched_setscheduler");
	find_threads(sleeping_process());
	while (samples-- > 0) {
		long long begin, stopped, examined, released;

		for (int i = 0; i < threads; i++)
			wait_until_asleep(tids[i]);
		begin = now();
		stop_all();
		stopped = now();
		examine_all();
		examined = now();
		release_all();
		released = now();
		printf("%lld %lld %lld\n", stopped - begin, examined - begin,
		       released - begin);
	}
	return 0;
}
