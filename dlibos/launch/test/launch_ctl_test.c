/* launch_ctl_test - orders to an instance, from its owner and from others. */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dlibos/launch/test/launch_kit.h"

#define NAME	"kit-ctl"
#define CLIENTS 8 /* that are served at a time: CTL_CLIENTS */

static void
begin(struct run *r)
{
	kit_start(r, "run", "--name", NAME, "--idle", "sleep", "--", SUBJECT,
		"steady", NULL);
	kit_await(r, OUT, "started", 1);
}

static void
says(int status, const char *want, const char *cmd, const char *arg1,
	const char *arg2)
{
	static char answer[65536];
	int rc = kit_order(answer, sizeof(answer), cmd, arg1, arg2);

	if (rc != status || !strstr(answer, want))
		fail_msg("%s %s: %d, %s", cmd, arg1 ? arg1 : "", rc, answer);
	if (status)
		assert_int_equal(kit_count(answer, "\n"), 1);
}

static void
orders(void **state)
{
	struct run r;

	(void)state;
	begin(&r);
	says(0, NAME "\n", "list", NULL, NULL);
	says(0,
		"instance " NAME ": layout 1:1, idle sleep, a CPU for each "
		"core\n",
		"status", NAME, NULL);
	says(0, "app0     core 1 to 0: sent ", "status", NAME, NULL);
	says(0, "ok\n", "restart", NAME, "app0");
	says(0, "app0     running  process ", "status", NAME, NULL);
	says(1, "there is no such domain", "restart", NAME, "app1");
	says(1, "no instance nobody runs here", "status", "nobody", NULL);
	says(2, "an instance's name is 1 to 23 letters", "status", "", NULL);
	says(2, "an instance's name is", "status",
		"a-name-that-is-far-too-long", NULL);
	says(2, "an instance's name is", "stop", "a\nb", NULL);
	says(2, "a domain's name is one that", "restart", NAME, "");
	says(2, "usage: dlibos list", "restart", NULL, NULL);
	says(2, "usage: dlibos list", "status", "a", "b");
	says(2, "usage: dlibos list", "list", "a", NULL);
	says(0, "ok\n", "stop", NAME, NULL);
	kit_end(&r, 0);
	assert_int_equal(kit_lines(&r), 0);
	assert_false(kit_socket_exists("@dlibos/" NAME));
	kit_free(&r);
}

static void
name_in_use(void **state)
{
	struct run r, other;

	(void)state;
	begin(&r);
	kit_finish(&other, 2, "run", "--name", NAME, "--", SUBJECT, NULL);
	assert_int_equal(kit_lines(&other), 1);
	assert_non_null(strstr(other.text[ERR],
		"an instance " NAME " runs "
		"already: choose another --name, or `dlibos stop " NAME "`"));
	kit_free(&other);
	says(0, "ok\n", "stop", NAME, NULL);
	kit_end(&r, 0);
	kit_free(&r);
	/* After the answer the name is free. */
	begin(&r);
	says(0, "ok\n", "stop", NAME, NULL);
	kit_end(&r, 0);
	kit_free(&r);
}

/* --- clients of our own --------------------------------------------------*/

static void
garbage_is_answered(void **state)
{
	static const char bytes[] = "\0\377\033[31m restart %n%s";
	static char large[100000];
	struct run r;
	int fd;

	(void)state;
	begin(&r);
	fd = kit_dial(NAME);
	send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
	assert_string_equal(kit_hear(fd), "error: no such order\n");
	close(fd);
	fd = kit_dial(NAME);
	memset(large, 's', sizeof(large));
	assert_int_equal(
		send(fd, large, sizeof(large), MSG_NOSIGNAL), sizeof(large));
	assert_string_equal(kit_hear(fd), "error: no such order\n");
	close(fd);
	fd = kit_dial(NAME);
	send(fd, "", 0, MSG_NOSIGNAL);
	assert_string_equal(kit_hear(fd), "");
	close(fd);
	says(0, "ok\n", "stop", NAME, NULL);
	kit_end(&r, 0);
	assert_int_equal(kit_lines(&r), 0);
	kit_free(&r);
}

/* All places are taken by clients that say nothing: more are turned away, and
 * those are dropped after a while. */
static void
silent_clients(void **state)
{
	struct run r;
	int fd[CLIENTS], more;
	unsigned fds;

	(void)state;
	begin(&r);
	fds = kit_fds(r.pid);
	for (int i = 0; i < CLIENTS - 1; i++)
		fd[i] = kit_dial(NAME);
	says(0, "running", "status", NAME, NULL); /* others are served */
	fd[CLIENTS - 1] = kit_dial(NAME);
	more = kit_dial(NAME);
	assert_string_equal(kit_hear(more),
		"error: too many clients, try "
		"again\n");
	close(more);
	for (int i = 0; i < CLIENTS; i++) {
		assert_string_equal(kit_hear(fd[i]),
			"error: it took too "
			"long\n");
		close(fd[i]);
	}
	says(0, "running", "status", NAME, NULL);
	assert_int_equal(kit_fds(r.pid), fds);
	says(0, "ok\n", "stop", NAME, NULL);
	kit_end(&r, 0);
	kit_free(&r);
}

static void
other_users_are_refused(void **state)
{
	struct run r;
	int status;
	pid_t pid;

	(void)state;
	if (geteuid()) {
		print_message("needs root: to be another user\n");
		skip();
	}
	begin(&r);
	pid = fork();
	if (!pid) {
		int fd;

		if (setresgid(12345, 12345, 12345) ||
			setresuid(12345, 12345, 12345))
			_exit(2);
		fd = kit_dial(NAME);
		send(fd, "stop", 4, MSG_NOSIGNAL);
		if (strcmp(kit_hear(fd), "error: not your instance\n"))
			_exit(1);
		execl(DLIBOS, DLIBOS, "stop", NAME, (char *)NULL);
		_exit(3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	says(0, "running", "status", NAME, NULL); /* it runs still */
	says(0, "ok\n", "stop", NAME, NULL);
	kit_end(&r, 0);
	kit_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(orders),
		TEST(name_in_use),
		TEST(garbage_is_answered),
		TEST(silent_clients),
		TEST(other_users_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
