/* pass_test - descriptors arrive with their message; too many, too long and
 * gone are told apart, and nothing leaks. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "mem/pass.h"

static unsigned
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void
make(int sock[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock), 0);
}

static void
descriptors_come_with_their_message(void **state)
{
	int sock[2], fds[PASS_FDS], in[2] = {0, 1};
	char buf[16];
	unsigned n;

	(void)state;
	make(sock);
	assert_int_equal(pass_send(sock[0], "one", 4, in, 2), 0);
	assert_int_equal(pass_send(sock[0], "two", 4, NULL, 0), 0);
	assert_int_equal(pass_recv(sock[1], buf, sizeof(buf), fds, &n), 4);
	assert_string_equal(buf, "one");
	assert_int_equal(n, 2);
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	pass_close_all(fds, n);
	assert_int_equal(pass_recv(sock[1], buf, sizeof(buf), fds, &n), 4);
	assert_int_equal(n, 0);
	close(sock[0]);
	assert_int_equal(pass_recv(sock[1], buf, sizeof(buf), fds, &n), 0);
	close(sock[1]);
}

/* What a peer with its own sendmsg() can do. */
static void
send_many_fds(int sock, unsigned n)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * 64)];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov = {control.buf, 1};
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = CMSG_SPACE(sizeof(int) * n),
	};
	int fds[64] = {0};

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * n);
	assert_int_equal(sendmsg(sock, &mh, 0), 1);
}

static void
too_much_is_refused_without_a_leak(void **state)
{
	int sock[2], fds[PASS_FDS];
	char buf[16], big[64] = {0};
	unsigned n, before;

	(void)state;
	make(sock);
	before = open_fds();
	send_many_fds(sock[0], PASS_FDS + 1);
	assert_int_equal(
		pass_recv(sock[1], buf, sizeof(buf), fds, &n), -EMSGSIZE);
	send_many_fds(sock[0], 60);
	assert_int_equal(
		pass_recv(sock[1], buf, sizeof(buf), fds, &n), -EMSGSIZE);
	assert_int_equal(pass_send(sock[0], big, sizeof(big), NULL, 0), 0);
	assert_int_equal(
		pass_recv(sock[1], buf, sizeof(buf), fds, &n), -EMSGSIZE);
	assert_int_equal(n, 0);
	assert_int_equal(open_fds(), before);
	assert_int_equal(pass_send(sock[0], big, 5000, NULL, 0), -EMSGSIZE);
	close(sock[0]);
	close(sock[1]);
}

static void
a_peer_that_does_not_read_does_not_stop_us(void **state)
{
	int sock[2], rc, sent = 0;

	(void)state;
	make(sock);
	while (!(rc = pass_send(sock[0], "x", 1, NULL, 0)))
		sent++;
	assert_int_equal(rc, -EAGAIN);
	assert_true(sent > 0);
	close(sock[1]);
	assert_int_equal(pass_send(sock[0], "x", 1, NULL, 0), -EPIPE);
	close(sock[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_come_with_their_message),
		cmocka_unit_test(too_much_is_refused_without_a_leak),
		cmocka_unit_test(a_peer_that_does_not_read_does_not_stop_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
