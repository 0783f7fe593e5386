/* launch_death_test - domains that end, crash, hang, flood and hide: each is
 * told in one line, and nothing is left. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dlibos/launch/test/launch_kit.h"

static void
one_line(struct run *r, int status, const char *want)
{
	kit_end(r, status);
	if (!strstr(r->text[ERR], want))
		fail_msg("\"%s\" is not said:\n%s", want, r->text[ERR]);
	if (kit_lines(r) != 1)
		fail_msg("one line is wanted:\n%s", r->text[ERR]);
	kit_free(r);
}

static void
exit_status_is_passed_on(void **state)
{
	struct run r;

	(void)state;
	kit_start(&r, "run", "--", SUBJECT, "exit", "3", NULL);
	one_line(&r, 3, ") exited with status 3 without a word");
}

static void
segfault_has_last_words(void **state)
{
	struct run r;

	(void)state;
	kit_start(&r, "run", "--", SUBJECT, "segv", NULL);
	one_line(&r, 1,
		"was killed by SIGSEGV; the instance ends; its last "
		"words: these are my last words\n");
}

/* A domain is killed from outside. */
static void
killed(const char *domain, const char *want)
{
	struct run r;

	kit_start(&r, "run", "--name", "kit-kill", "--", SUBJECT, "idle", NULL);
	kit_await(&r, OUT, "started", 1);
	assert_int_equal(kill(kit_domain("kit-kill", domain), SIGKILL), 0);
	one_line(&r, 1, want);
}

static void
killed_application(void **state)
{
	(void)state;
	killed("app0",
		") was killed by SIGKILL without a word; the instance "
		"ends\n");
}

static void
killed_network_core(void **state)
{
	(void)state;
	killed("net0", "dlibos: net0 (process ");
}

static void
hang_is_killed_after_stop(void **state)
{
	struct run r;

	(void)state;
	kit_start(&r, "run", "--", SUBJECT, "hang", NULL);
	kit_await(&r, OUT, "started", 1);
	kill(r.pid, SIGINT);
	kit_end(&r, 0);
	assert_int_equal(kit_lines(&r), 2);
	assert_non_null(strstr(r.text[ERR], "dlibos: Interrupt: ending\n"));
	assert_non_null(strstr(r.text[ERR], "did not end when it was asked"));
	kit_free(&r);
}

static void
second_signal_does_not_wait(void **state)
{
	struct run r;

	(void)state;
	kit_start(&r, "run", "--", SUBJECT, "hang", NULL);
	kit_await(&r, OUT, "started", 1);
	kill(r.pid, SIGINT);
	kit_await(&r, ERR, "Interrupt: ending\n", 1);
	kill(r.pid, SIGTERM);
	kit_await(&r, ERR, "Terminated: ending at once\n", 1);
	kit_end(&r, 0);
	kit_free(&r);
}

static void
signals_end_it_well(void **state)
{
	static const int sig[] = {SIGINT, SIGTERM, SIGHUP};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct run r;

		kit_start(&r, "run", "--", SUBJECT, "steady", NULL);
		kit_await(&r, OUT, "answered", 1);
		kill(r.pid, sig[i]);
		kit_end(&r, 0);
		assert_int_equal(kit_lines(&r), 1);
		kit_free(&r);
	}
}

/* Before the domains have joined: as soon as there is a name. */
static void
signal_during_start(void **state)
{
	struct run r;
	uint64_t until = kit_now_ms() + WAIT_MS;

	(void)state;
	kit_start(&r, "run", "--name", "kit-early", "--", SUBJECT, "steady",
		NULL);
	while (!kit_socket_exists("@dlibos/kit-early") && kit_now_ms() < until)
		;
	kill(r.pid, SIGINT);
	kit_end(&r, 0);
	assert_int_equal(kit_lines(&r), 1);
	kit_free(&r);
}

/* All at once, since each takes as long as a start may take. */
static void
those_who_never_join(void **state)
{
	struct run r[3];

	(void)state;
	kit_start(&r[0], "run", "--", SUBJECT, "never", NULL);
	kit_start(&r[1], "run", "--", "sleep", "1000", NULL);
	kit_start(&r[2], "run", "--oversubscribe", "--layout", "b-naive", "--",
		SUBJECT, "never", NULL);
	for (int i = 0; i < 3; i++)
		one_line(&r[i], 1,
			"did not join the instance in time: does "
			"it call dl_run()?; the instance ends\n");
}

static void
flood_is_defused(void **state)
{
	struct run r;

	(void)state;
	kit_start(&r, "run", "--", SUBJECT, "flood", NULL);
	kit_end(&r, 0);
	assert_int_equal(kit_lines(&r), 0);
	/* 2 MiB came through, in lines, and without control characters. */
	assert_true(r.len[ERR] > 2u << 20);
	for (size_t i = 0; i < r.len[ERR]; i++)
		assert_true(r.text[ERR][i] == '\n' ||
			((unsigned char)r.text[ERR][i] >= ' ' &&
				r.text[ERR][i] != 0x7f));
	kit_free(&r);
}

/* Nobody reads our stderr while a program floods it, and then it is to end. */
static void
flood_without_a_reader(void **state)
{
	struct run r;
	int fd;

	(void)state;
	kit_start(&r, "run", "--", SUBJECT, "flood", NULL);
	fd = r.fd[ERR]; /* open, and not read */
	r.fd[ERR] = -1;
	kit_end(&r, 0);
	close(fd);
	kit_free(&r);
}

static void
hang_up_is_noticed(void **state)
{
	struct run r;

	(void)state;
	kit_start(&r, "run", "--", SUBJECT, "hangup", NULL);
	one_line(&r, 1,
		"exited with status 1; the instance ends; its last "
		"words: the launcher went away\n");
}

/* The launcher ends, and so does what the program left behind. */
static void
left_behind(const char *mode)
{
	struct run r;
	const char *s;
	int pid;

	kit_start(&r, "run", "--", SUBJECT, mode, NULL);
	kit_end(&r, 0);
	s = strstr(r.text[OUT], "left ");
	assert_non_null(s);
	assert_int_equal(sscanf(s, "left %d", &pid), 1);
	assert_int_equal(kill(pid, 0), -1);
	kit_free(&r);
}

static void
grandchildren_end(void **state)
{
	(void)state;
	left_behind("leave");
	left_behind("escape");
}

static void
programs_that_are_none(void **state)
{
	struct run r;
	char path[128];

	(void)state;
	kit_start(&r, "run", "--", "/nowhere/at-all", NULL);
	one_line(&r, 2, "program /nowhere/at-all: No such file");
	kit_start(&r, "run", "--", "not-in-the-path", NULL);
	one_line(&r, 2, "program not-in-the-path: No such file");
	kit_start(&r, "run", "--", kit_dir, NULL);
	one_line(&r, 2, ": Is a directory");
	kit_start(&r, "run", "--", kit_file("plain", "hello", 0644), NULL);
	one_line(&r, 2, ": Permission denied");
	kit_start(&r, "run", "--", kit_file("private", "hello", 0700), NULL);
	one_line(&r, 1, "let others read and execute it");
	kit_start(&r, "run", "--", "true", NULL);
	one_line(&r, 1, "ended before it joined the instance");
	kit_start(&r, "run", "--", "false", NULL);
	one_line(&r, 1, "exited with status 1 before it joined");
	snprintf(path, sizeof(path), "%s",
		kit_file("script", "#!/bin/sh\nexec " SUBJECT " exit 0\n",
			0755));
	kit_finish(&r, 0, "run", "--", path, NULL);
	assert_int_equal(kit_lines(&r), 0);
	kit_free(&r);
	kit_start(&r, "run", "--", kit_file("lost", "#!/no/such/thing\n", 0755),
		NULL);
	one_line(&r, 1, "cannot run ");
}

/* The launcher itself is killed: its domains die with it, those too that do
 * not listen to it. */
static void
killed_with(const char *mode, const char *text)
{
	struct run r;
	pid_t net, app;

	kit_start(&r, "run", "--name", "kit-gone", "--", SUBJECT, mode, NULL);
	kit_await(&r, OUT, text, 1);
	net = kit_domain("kit-gone", "net0");
	app = kit_domain("kit-gone", "app0");
	assert_true(net > 0 && app > 0);
	kill(r.pid, SIGKILL);
	kit_await_death(net);
	kit_await_death(app);
	assert_int_equal(waitpid(r.pid, &r.status, 0), r.pid);
	assert_false(kit_socket_exists("@dlibos/kit-gone"));
	kit_free(&r);
}

static void
killed_launcher(void **state)
{
	(void)state;
	killed_with("steady", "answered");
	killed_with("never", "waiting");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exit_status_is_passed_on),
		TEST(segfault_has_last_words),
		TEST(killed_application),
		TEST(killed_network_core),
		TEST(hang_is_killed_after_stop),
		TEST(second_signal_does_not_wait),
		TEST(signals_end_it_well),
		TEST(signal_during_start),
		TEST(those_who_never_join),
		TEST(flood_is_defused),
		TEST(flood_without_a_reader),
		TEST(hang_up_is_noticed),
		TEST(grandchildren_end),
		TEST(programs_that_are_none),
		TEST(killed_launcher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
