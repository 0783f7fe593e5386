/* touched.c - pages that are opened for an instruction at a time. */
#include "netcore/stack/engine/test/touched.h"

#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if TOUCHED_WORKS

#define TRAP_FLAG 0x100 /* of the flags register: stop after the next one */

static struct touched *watched;
static struct sigaction old_segv, old_trap;

static void
protect(int prot)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = (uintptr_t)watched->from / page * page;
	uintptr_t to =
		(uintptr_t)watched->from + (size_t)watched->n * watched->stride;

	if (mprotect((void *)from, to - from, prot))
		_exit(1);
}

/* One that is not the table's fault ends the program: it comes again. */
static void
touch(int sig, siginfo_t *info, void *context)
{
	size_t at = (size_t)((char *)info->si_addr - watched->from);
	ucontext_t *u = context;

	if (u->uc_mcontext.gregs[REG_EFL] & TRAP_FLAG) {
		sigaction(sig, &old_segv, NULL);
		return;
	}
	if (at < (size_t)watched->n * watched->stride)
		watched->count[at % watched->stride]++;
	protect(PROT_READ | PROT_WRITE);
	u->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void
stepped(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)sig, (void)info;
	u->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	protect(PROT_NONE);
}

void
touched_begin(struct touched *t)
{
	struct sigaction segv = {.sa_sigaction = touch, .sa_flags = SA_SIGINFO};
	struct sigaction trap = {
		.sa_sigaction = stepped, .sa_flags = SA_SIGINFO};

	watched = t;
	if (t->stride > TOUCHED_STRIDE ||
		sigaction(SIGSEGV, &segv, &old_segv) ||
		sigaction(SIGTRAP, &trap, &old_trap))
		_exit(1);
	protect(PROT_NONE);
}

void
touched_end(void)
{
	protect(PROT_READ | PROT_WRITE);
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGTRAP, &old_trap, NULL);
	watched = NULL;
}

#else

void
touched_begin(struct touched *t)
{
	(void)t;
}

void
touched_end(void)
{
}

#endif
