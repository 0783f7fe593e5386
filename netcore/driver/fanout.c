/* fanout.c - DPDK has no option for it, and takes no failure; a socket cannot
 * leave a fan. So the kernel is told to do nothing when it is asked, by a
 * filter of system calls. That stays with its thread, so the thread ends. */
#include "netcore/driver/fanout.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#else
#define ARCH AUDIT_ARCH_AARCH64
#endif

#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define ARG(n)	 LOAD(offsetof(struct seccomp_data, args) + (n)*8)
/* Else it is so many instructions to the end, which allows. */
#define IS(k, end) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, end)

struct call {
	int (*f)(const char *arg);
	const char *arg;
	int rc;
};

static void
refuse(void)
{
	struct sock_filter program[] = {
		LOAD(offsetof(struct seccomp_data, arch)),
		IS(ARCH, 7),
		LOAD(offsetof(struct seccomp_data, nr)),
		IS(SYS_setsockopt, 5),
		ARG(1),
		IS(SOL_PACKET, 3),
		ARG(2),
		IS(PACKET_FANOUT, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO), /* of 0 */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = {
		.len = sizeof(program) / sizeof(program[0]), .filter = program};

	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p);
}

static void *
run(void *arg)
{
	struct call *c = arg;

	refuse();
	c->rc = c->f(c->arg);
	return NULL;
}

int
fanout_without(int (*f)(const char *arg), const char *arg)
{
	struct call c = {.f = f, .arg = arg};
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, run, &c);

	if (rc)
		return -rc;
	pthread_join(thread, NULL);
	return c.rc;
}
