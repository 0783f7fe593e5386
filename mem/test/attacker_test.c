/* attacker_test - a second process holds the descriptor of a partition and
 * tries all that could give it a way to write, or to pull the memory away.
 * Each try is refused, by the errno named here; a store through the view that
 * it is entitled to kills it and nobody else.
 *
 * The attacker is forked before the partition exists, so that it has nothing
 * but what is handed to it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "mem/part.h"
#include "mem/pass.h"
#include "mem/test/hugepages.h"

struct target {
	uint64_t bytes;
	pid_t writer;
	void *address; /* where the writer has it */
	int fd;
};

/* Each attack returns 0 if it got through, else the errno of the refusal. */

static int
map_writable(const struct target *t)
{
	void *p = mmap(
		NULL, t->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, t->fd, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int
make_view_writable(const struct target *t)
{
	void *p = mmap(NULL, t->bytes, PROT_READ, MAP_SHARED, t->fd, 0);

	if (p == MAP_FAILED)
		return -1;
	return mprotect(p, t->bytes, PROT_READ | PROT_WRITE) ? errno : 0;
}

static int
write_to_it(const struct target *t)
{
	return pwrite(t->fd, "x", 1, 0) < 0 ? errno : 0;
}

static int
shrink(const struct target *t)
{
	return ftruncate(t->fd, 0) ? errno : 0;
}

static int
grow(const struct target *t)
{
	return ftruncate(t->fd, (off_t)t->bytes * 2) ? errno : 0;
}

static int
punch_a_hole(const struct target *t)
{
	return fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		       (off_t)t->bytes)
		? errno
		: 0;
}

static int
remove_pages(const struct target *t)
{
	void *p = mmap(NULL, t->bytes, PROT_READ, MAP_SHARED, t->fd, 0);

	if (p == MAP_FAILED)
		return -1;
	return madvise(p, t->bytes, MADV_REMOVE) ? errno : 0;
}

static int
reopen(const struct target *t, const char *path)
{
	struct target again = *t;

	again.fd = open(path, O_RDWR);
	if (again.fd < 0)
		return errno;
	return map_writable(&again);
}

static int
reopen_own_descriptor(const struct target *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	return reopen(t, path);
}

static int
reopen_and_truncate(const struct target *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	return open(path, O_RDWR | O_TRUNC) < 0 ? errno : 0;
}

static int
lift_the_seals(const struct target *t)
{
	return fcntl(t->fd, F_ADD_SEALS, F_SEAL_WRITE) ? errno : 0;
}

static int
splice_into_it(const struct target *t)
{
	int fd[2];
	loff_t at = 0;

	if (pipe(fd) || write(fd[1], "x", 1) != 1)
		return -1;
	return splice(fd[0], NULL, t->fd, &at, 1, 0) < 0 ? errno : 0;
}

/* As another user than the writer, as the launcher has it. */
static int
write_to_the_writer(const struct target *t)
{
	char x = 'x';
	struct iovec here = {&x, 1}, there = {t->address, 1};

	if (!geteuid() && setresuid(65534, 65534, 65534))
		return -1;
	return process_vm_writev(t->writer, &here, 1, &there, 1, 0) < 0 ? errno
									: 0;
}

static int
store_through_the_view(const struct target *t)
{
	struct rlimit none = {0, 0};
	char *p = mmap(NULL, t->bytes, PROT_READ, MAP_SHARED, t->fd, 0);

	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would report it */
	if (p != MAP_FAILED)
		*p = 'x';
	return 0;
}

static const struct attack {
	const char *name;
	int (*try)(const struct target *);
	int refusal[2]; /* the errnos that are a refusal; -1: death by SEGV */
} attacks[] = {
	{"map writable", map_writable, {EPERM, EACCES}},
	{"mprotect", make_view_writable, {EACCES, EPERM}},
	{"write()", write_to_it, {EPERM, EINVAL}}, /* hugetlbfs: EINVAL */
	{"ftruncate smaller", shrink, {EPERM, EPERM}},
	{"ftruncate larger", grow, {EPERM, EPERM}},
	{"punch a hole", punch_a_hole, {EPERM, EPERM}},
	{"MADV_REMOVE", remove_pages, {EACCES, EPERM}},
	{"re-open own fd", reopen_own_descriptor, {EPERM, EACCES}},
	{"re-open, O_TRUNC", reopen_and_truncate, {EPERM, EACCES}},
	{"change the seals", lift_the_seals, {EPERM, EPERM}},
	{"splice", splice_into_it, {EPERM, EINVAL}},
	{"process_vm_writev", write_to_the_writer, {EPERM, EACCES}},
	{"store through the view", store_through_the_view, {-1, -1}},
};

static void
attack(const struct attack *a, int sock)
{
	struct target t;
	int fds[PASS_FDS];
	unsigned n;

	if (pass_recv(sock, &t, sizeof(t), fds, &n) != sizeof(t) || n != 1)
		_exit(255);
	t.fd = fds[0];
	_exit(a->try(&t));
}

static void
try_one(const struct attack *a, uint64_t bytes, bool huge)
{
	int sock[2], status, code;
	struct target t;
	struct part p;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		attack(a, sock[1]);
	assert_int_equal(part_create(&p, PART_APP, bytes, -1, "victim"), 0);
	assert_int_equal(p.huge, huge);
	memset(p.base, 'w', p.bytes);
	t = (struct target){p.bytes, getpid(), p.base, -1};
	assert_int_equal(pass_send(sock[0], &t, sizeof(t), &p.fd, 1), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (a->refusal[0] < 0) {
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSEGV);
	} else {
		assert_true(WIFEXITED(status));
		code = WEXITSTATUS(status);
		if (code != a->refusal[0] && code != a->refusal[1])
			fail_msg("%s: %s", a->name,
				code ? strerror(code) : "got through");
	}
	for (uint64_t i = 0; i < p.bytes; i++)
		if (p.base[i] != 'w')
			fail_msg("%s changed byte %llu", a->name,
				(unsigned long long)i);
	part_close(&p);
	close(sock[0]);
	close(sock[1]);
}

static void
try_all(uint64_t bytes, bool huge)
{
	for (unsigned i = 0; i < sizeof(attacks) / sizeof(*attacks); i++)
		try_one(&attacks[i], bytes, huge);
}

static void
nothing_works_on_4_kib_pages(void **state)
{
	(void)state;
	try_all(65536, false);
}

static void
nothing_works_on_2_mib_pages(void **state)
{
	(void)state;
	if (!hugepages_lend(2)) {
		hugepages_return();
		print_message("no 2 MiB pages to be had: left out\n");
		skip();
	}
	try_all(2u << 20, true);
	hugepages_return();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_works_on_4_kib_pages),
		cmocka_unit_test(nothing_works_on_2_mib_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
