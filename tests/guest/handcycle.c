// SPDX-License-Identifier: GPL-2.0-only
/*
 * retrap-handcycle SAMPLES notification|registers|sigcont|early
 *
 * cycle/notification, inspect/registers, uncaring/sigcont and
 * window/sigcont-wait at same-cpu by hand, by PTRACE_LISTEN. Shares no line
 * with retrap-bench; tests/guest compares the medians. A line a sample:
 * nanoseconds.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <fcntl.h>
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

static pid_t child;
static int proc_syscall;

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void wait_until_asleep(void)
{
	char text[128] = "";

	do {
		sched_yield();
		if (pread(proc_syscall, text, sizeof(text) - 1, 0) <= 0)
			err(1, "/proc/<tracee>/syscall");
	} while (!strncmp(text, "running", 7));
}

static void expect(int status)
{
	int got;

	if (waitpid(child, &got, __WALL) != child)
		err(1, "waitpid");
	if (got != status)
		errx(1, "status %#x, not %#x", (unsigned int)got,
		     (unsigned int)status);
}

static void request(int which, long data)
{
	if (ptrace(which, child, 0, data))
		err(1, "ptrace request %#x", (unsigned int)which);
}

/* From asleep to a group-stop that was reported. */
static void stop(void)
{
	wait_until_asleep();
	kill(child, SIGSTOP);
	expect(0x137f);
	request(PTRACE_CONT, SIGSTOP);
	expect(0x80137f);
}

/* From the trap that SIGCONT caused. */
static void run_on(void)
{
	request(PTRACE_CONT, 0);
	expect(0x127f);
	request(PTRACE_CONT, 0);
}

static long long notification(void)
{
	long long begin, end;

	stop();
	request(PTRACE_LISTEN, 0);
	begin = now();
	kill(child, SIGCONT);
	expect(0x80057f);
	request(PTRACE_LISTEN, 0);
	end = now();
	request(PTRACE_INTERRUPT, 0);
	expect(0x80057f);
	run_on();
	return end - begin;
}

static long long registers(void)
{
	struct user_regs_struct all;
	struct iovec place = { &all, sizeof(all) };
	long long begin = now();

	request(PTRACE_INTERRUPT, 0);
	expect(0x80137f);
	if (ptrace(PTRACE_GETREGSET, child, NT_PRSTATUS, &place))
		err(1, "PTRACE_GETREGSET");
	request(PTRACE_LISTEN, 0);
	return now() - begin;
}

static long long sigcont(void)
{
	long long begin;

	wait_until_asleep();
	begin = now();
	kill(child, SIGCONT);
	expect(0x80057f);
	request(PTRACE_CONT, 0);
	expect(0x127f);
	request(PTRACE_CONT, SIGCONT);
	return now() - begin;
}

static long long early(void)
{
	long long begin, first, end;
	int found, status;

	stop();
	request(PTRACE_LISTEN, 0);
	begin = now();
	kill(child, SIGCONT);
	found = waitpid(child, &status, __WALL | WNOHANG);
	first = now(); /* as the stage of the scenario */
	while (found == 0) {
		sched_yield();
		found = waitpid(child, &status, __WALL | WNOHANG);
	}
	end = now();
	if (first > end)
		errx(1, "the clock ran back");
	if (status != 0x80057f)
		errx(1, "status %#x", (unsigned int)status);
	run_on();
	return end - begin;
}

int main(int argc, char **argv)
{
	long long (*sample)(void) = NULL;
	cpu_set_t one;
	char path[64];

	if (argc != 3)
		errx(2, "SAMPLES notification|registers|sigcont|early");
	if (!strcmp(argv[2], "notification"))
		sample = notification;
	else if (!strcmp(argv[2], "registers"))
		sample = registers;
	else if (!strcmp(argv[2], "sigcont"))
		sample = sigcont;
	else if (!strcmp(argv[2], "early"))
		sample = early;
	else
		errx(2, "no such loop: %s", argv[2]);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		err(1, "sched_setaffinity");
	/* as retrap-bench: the tracee does not preempt its tracer */
	if (sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 }))
		err(1, "sched_setscheduler");
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)child);
	proc_syscall = open(path, O_RDONLY | O_CLOEXEC);
	if (proc_syscall < 0)
		err(1, "%s", path);
	if (ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL))
		err(1, "PTRACE_SEIZE");
	if (sample == registers) {
		stop();
		request(PTRACE_LISTEN, 0);
	}
	for (int left = atoi(argv[1]); left > 0; left--)
		printf("%lld\n", sample());
	return 0;
}
