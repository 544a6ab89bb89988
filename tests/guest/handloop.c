// SPDX-License-Identifier: GPL-2.0-only
/*
 * retrap-handloop [SAMPLES [CPU]] - trap/trigger:interrupt at same-cpu by hand.
 *
 * Shares no line with retrap-bench; tests/guest compares the medians. Prints
 * the nanoseconds of each PTRACE_INTERRUPT until waitpid(2), one a line.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_TRAP 0x80057f

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* "running", or the call the task sleeps in once it has left its CPU. */
static void wait_until_asleep(int proc_syscall)
{
	char text[128] = "";

	do {
		sched_yield();
		if (pread(proc_syscall, text, sizeof(text) - 1, 0) <= 0)
			err(1, "/proc/<tracee>/syscall");
	} while (!strncmp(text, "running", 7));
}

static void pin(unsigned long cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		err(1, "sched_setaffinity");
}

static pid_t sleeping_child(void)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child;
}

static void run(pid_t child, int proc_syscall, long samples, long long *deltas)
{
	for (long i = 0; i < samples; i++) {
		long long before, after;
		int status;

		wait_until_asleep(proc_syscall);
		before = now();
		ptrace(PTRACE_INTERRUPT, child, 0, 0);
		waitpid(child, &status, __WALL);
		after = now();
		if (status != STOP_TRAP)
			errx(1, "status %#x", (unsigned int)status);
		deltas[i] = after - before;
		if (ptrace(PTRACE_CONT, child, 0, 0))
			err(1, "PTRACE_CONT");
	}
}

int main(int argc, char **argv)
{
	long samples = argc > 1 ? atol(argv[1]) : 2000;
	unsigned long cpu = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	long long *deltas;
	char path[64];
	int proc_syscall;
	pid_t child;

	if (samples < 1)
		errx(2, "usage: retrap-handloop [SAMPLES [CPU]]");
	deltas = calloc((size_t)samples, sizeof(*deltas));
	if (!deltas)
		err(1, "calloc");
	pin(cpu);
	/* as retrap-bench: the tracee does not preempt its tracer */
	if (sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 }))
		err(1, "sched_setscheduler");
	child = sleeping_child();
	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)child);
	proc_syscall = open(path, O_RDONLY | O_CLOEXEC);
	if (proc_syscall < 0)
		err(1, "%s", path);
	if (ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL))
		err(1, "PTRACE_SEIZE");
	run(child, proc_syscall, samples, deltas);
	for (long i = 0; i < samples; i++)
		printf("%lld\n", deltas[i]);
	return 0;
}
