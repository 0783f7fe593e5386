/* launch_attach_test - programs come into an instance that runs, and go: by
 * themselves, by signals, with whoever attached them. The others go on, and
 * nothing piles up. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dlibos/launch/attach.h"
#include "dlibos/launch/test/launch_kit.h"

#define NAME "kit-attach"

static void
begin(struct run *r, const char *vacant)
{
	kit_start(r, "run", "--name", NAME, "--vacant", vacant, "--", SUBJECT,
		"steady", NULL);
	kit_await(r, OUT, "started", 1);
}

static void
end(struct run *r)
{
	kill(r->pid, SIGTERM);
	kit_end(r, 0);
	kit_free(r);
}

static void
attach(struct run *r)
{
	kit_start(r, "attach", "--name", NAME, "--", SUBJECT, "steady", NULL);
	kit_await(r, OUT, "answered", 1);
}

static void
shows(const char *text)
{
	static char buf[65536];

	assert_int_equal(kit_order(buf, sizeof(buf), "status", NAME, NULL), 0);
	if (!strstr(buf, text))
		fail_msg("no \"%s\":\n%s", text, buf);
}

struct size {
	unsigned launcher_fds, launcher_maps, net_fds, net_maps, app_fds;
};

static struct size
measure(pid_t launcher)
{
	pid_t net = kit_domain(NAME, "net0");

	return (struct size){kit_fds(launcher), kit_maps(launcher),
		kit_fds(net), kit_maps(net), kit_fds(kit_domain(NAME, "app0"))};
}

/* --- coming and going ----------------------------------------------------*/

static void
comes_and_goes(void **state)
{
	struct run r, a;
	struct size first = {0}, last;
	pid_t app0;

	(void)state;
	begin(&r, "1");
	app0 = kit_domain(NAME, "app0");
	shows("app1     vacant   process 0");
	kit_finish(&a, 0, "stat", NAME, NULL);
	assert_non_null(strstr(a.text[OUT], "app1.state vacant\n"));
	kit_free(&a);
	for (unsigned i = 0; i < 6; i++) {
		attach(&a);
		kit_answered(&a, kit_domain(NAME, "launch_subject"));
		kit_answered(&r, app0);
		if (i % 2)
			kill(kit_domain(NAME, "launch_subject"), SIGKILL);
		else
			kill(a.pid, SIGINT);
		kit_end(&a, i % 2 ? 128 + SIGKILL : 128 + SIGINT);
		/* Its own signal is no news to the user. */
		assert_int_equal(kit_lines(&a), i % 2);
		kit_free(&a);
		shows("app1     vacant   process 0");
		kit_answered(&r, app0);
		if (i == 1)
			first = measure(r.pid);
	}
	last = measure(r.pid);
	assert_memory_equal(&first, &last, sizeof(first));
	kit_read(&r);
	assert_int_equal(kit_lines(&r), 3);
	end(&r);
}

static void
two_of_a_name(void **state)
{
	struct run r, a, b, more;

	(void)state;
	begin(&r, "2");
	attach(&a);
	attach(&b);
	kit_answered(&a, kit_domain(NAME, "launch_subject"));
	kit_answered(&b, kit_domain(NAME, "launch_subject-2"));
	kit_finish(&more, 1, "attach", "--", SUBJECT, NULL);
	assert_non_null(strstr(more.text[ERR], "all its places for other"));
	assert_int_equal(kit_lines(&more), 1);
	kit_free(&more);
	kill(a.pid, SIGINT);
	kit_end(&a, 128 + SIGINT);
	kit_free(&a);
	shows("app1     vacant   process 0");
	shows("launch_subject-2 running");
	end(&r);
	kit_end(&b, 1);
	kit_free(&b);
}

static void
its_status_is_ours(void **state)
{
	static char cmd[512];
	struct run r, a;

	(void)state;
	begin(&r, "1");
	kit_finish(&a, 7, "attach", "--", SUBJECT, "exit", "7", NULL);
	assert_int_equal(kit_lines(&a), 0);
	kit_free(&a);
	kit_finish(&a, 0, "attach", "--", SUBJECT, "exit", "0", NULL);
	kit_free(&a);
	kit_finish(&a, 128 + SIGSEGV, "attach", "--", SUBJECT, "segv", NULL);
	assert_non_null(strstr(a.text[ERR], "these are my last words\n"));
	assert_non_null(strstr(a.text[ERR], " was killed by SIGSEGV\n"));
	assert_int_equal(kit_lines(&a), 1);
	kit_free(&a);
	/* What it reads, what it writes, and where. */
	snprintf(cmd, sizeof(cmd),
		"cd %s && echo hello | " DLIBOS
		" attach /bin/sh -c 'cat; pwd; echo \"$1\" >&2; exit 3' x ''",
		kit_dir);
	kit_shell(&a, 3, cmd);
	snprintf(cmd, sizeof(cmd), "hello\n%s\n", kit_dir);
	assert_string_equal(a.text[OUT], cmd);
	assert_string_equal(a.text[ERR], "\n");
	kit_free(&a);
	kit_answered(&r, kit_domain(NAME, "app0"));
	end(&r);
}

static void
signals_go_through(void **state)
{
	struct run r, a;

	(void)state;
	begin(&r, "1");
	/* Before it joins; what it ignores, it ignores. */
	kit_start(&a, "attach", "--", SUBJECT, "never", NULL);
	kit_await(&a, OUT, "waiting", 1);
	kill(a.pid, SIGTERM);
	kill(a.pid, SIGINT);
	kit_end(&a, 128 + SIGINT);
	kit_free(&a);
	attach(&a);
	kill(a.pid, SIGHUP);
	kit_end(&a, 128 + SIGHUP);
	kit_free(&a);
	end(&r);
}

static void
restarts_if_asked(void **state)
{
	struct run r, a, order;

	(void)state;
	begin(&r, "1");
	kit_start(&a, "attach", "--restart", "--", SUBJECT, "steady", NULL);
	for (unsigned i = 1; i <= 3; i++) {
		kit_await(&a, OUT, "started", i);
		kill(kit_domain(NAME, "launch_subject"), SIGKILL);
		kit_await(&a, ERR, "by SIGKILL; it is started again", i);
	}
	kit_await(&a, OUT, "started", 4);
	kit_finish(&order, 0, "restart", NAME, "launch_subject", NULL);
	kit_free(&order);
	kit_await(&a, OUT, "started", 5);
	kit_finish(&order, 0, "restart", NAME, "net0", NULL);
	kit_free(&order);
	kit_answered(&a, kit_domain(NAME, "launch_subject"));
	kit_answered(&r, kit_domain(NAME, "app0"));
	kill(a.pid, SIGINT);
	kit_end(&a, 128 + SIGINT);
	kit_free(&a);
	kit_finish(&order, 1, "restart", NAME, "app1", NULL);
	kit_free(&order);
	end(&r);
}

/* --- one side dies -------------------------------------------------------*/

static void
client_dies(void **state)
{
	struct run r, a;
	unsigned seed = 1;
	pid_t app;

	(void)state;
	begin(&r, "1");
	attach(&a);
	app = kit_domain(NAME, "launch_subject");
	kill(a.pid, SIGKILL);
	kit_await_death(app);
	kit_free(&a);
	/* At any moment of its start. */
	for (unsigned i = 0; i < 8; i++) {
		kit_start(&a, "attach", "--", SUBJECT, "steady", NULL);
		usleep((useconds_t)(rand_r(&seed) % 100000));
		kill(a.pid, SIGKILL);
		kit_free(&a);
	}
	do
		kit_read(&r);
	while (kit_domain(NAME, "launch_subject"));
	attach(&a);
	kit_answered(&r, kit_domain(NAME, "app0"));
	kill(a.pid, SIGINT);
	kit_end(&a, 128 + SIGINT);
	kit_free(&a);
	end(&r);
}

static void
instance_ends(void **state)
{
	struct run r, a;

	(void)state;
	begin(&r, "1");
	attach(&a);
	end(&r);
	kit_end(&a, 1);
	assert_int_equal(kit_lines(&a), 1);
	assert_non_null(strstr(a.text[ERR],
		"dlibos: instance " NAME ": the instance ended\n"));
	kit_free(&a);
	begin(&r, "1");
	attach(&a);
	kill(r.pid, SIGKILL);
	kit_end(&a, 1);
	assert_int_equal(kit_lines(&a), 1);
	assert_non_null(
		strstr(a.text[ERR], "dlibos: instance " NAME ": it is gone\n"));
	kit_free(&a);
	kit_free(&r);
}

/* The program that the instance was started around is what it lives for. */
static void
does_not_keep_it(void **state)
{
	struct run r, a;
	pid_t app;

	(void)state;
	begin(&r, "1");
	attach(&a);
	app = kit_domain(NAME, "launch_subject");
	kill(kit_domain(NAME, "app0"), SIGKILL);
	kit_end(&r, 1);
	kit_await_death(app);
	kit_end(&a, 1);
	kit_free(&a);
	kit_free(&r);
}

/* --- what is refused -----------------------------------------------------*/

static void
refused(int status, const char *text, const char *arg1, const char *arg2)
{
	struct run a;

	kit_finish(&a, status, "attach", arg1, arg2, NULL);
	if (!strstr(a.text[ERR], text) || kit_lines(&a) != 1)
		fail_msg("no \"%s\": %s", text, a.text[ERR]);
	kit_free(&a);
}

static void
wrong_requests(void **state)
{
	static char large[LIMIT_ARG_BYTES];
	struct run r;

	(void)state;
	refused(1, "no instance runs here", SUBJECT, NULL);
	refused(2, "usage: dlibos attach", NULL, NULL);
	refused(2, "usage: dlibos attach", "--shell", SUBJECT);
	begin(&r, "0");
	refused(1, "start it with --vacant N\n", SUBJECT, NULL);
	refused(2, "No such file or directory", "/nothing", NULL);
	refused(2, "Is a directory", kit_dir, NULL);
	memset(large, 'x', sizeof(large) - 1);
	refused(2, "too many arguments", SUBJECT, large);
	end(&r);
	kit_start(&r, "run", "--mode", "rtc", "--", SUBJECT, NULL);
	kit_await(&r, OUT, "started", 1);
	refused(1, "it runs to completion", SUBJECT, NULL);
	end(&r);
	kit_finish(
		&r, 2, "run", "--mode", "rtc", "--vacant", "1", SUBJECT, NULL);
	kit_free(&r);
	kit_finish(&r, 2, "run", "--vacant", "many", SUBJECT, NULL);
	kit_free(&r);
	kit_finish(&r, 2, "run", "--vacant", "127", SUBJECT, NULL);
	assert_non_null(strstr(r.text[ERR], "leaves room for 126 places"));
	kit_free(&r);
}

/* --- clients of our own --------------------------------------------------*/

#define HEAD offsetof(struct attach_order, text)

static void
fill(struct attach_order *o, int fds[ATTACH_FDS])
{
	memset(o, 0, sizeof(*o));
	memcpy(o->word, ATTACH_WORD, sizeof(o->word));
	o->args = 2;
	memcpy(o->text, "me\0idle", 8);
	fds[ATTACH_PROGRAM] = open(SUBJECT, O_PATH | O_CLOEXEC);
	fds[ATTACH_FOLDER] = open("/", O_PATH | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		fds[ATTACH_STDIN + i] = open("/dev/null", O_RDWR | O_CLOEXEC);
}

static void
says(const char *want, const struct attach_order *o, size_t len, const int *fds,
	unsigned n)
{
	int fd = kit_dial(NAME);
	const char *got;

	assert_int_equal(pass_send(fd, o, len, fds, n), 0);
	got = kit_hear(fd);
	if (strcmp(got, want))
		fail_msg("\"%s\" instead of \"%s\"", got, want);
	close(fd);
}

static void
hostile_orders(void **state)
{
	static const char no[] = "error: that is no order of this version\n";
	static const char kind[] =
		"error: that is no program, or no folder to work in\n";
	struct attach_order o;
	int fds[ATTACH_FDS], swapped[ATTACH_FDS], fd;
	unsigned before;
	struct run r;

	(void)state;
	begin(&r, "1");
	before = kit_fds(r.pid);
	fill(&o, fds);
	for (size_t len = sizeof(o.word); len < HEAD + 8; len++)
		says(no, &o, len, fds, ATTACH_FDS);
	says("error: no such order\n", &o, 7, fds, 0);
	says("error: no such order\n", &o, 7, fds, 2);
	says(no, &o, HEAD + 9, fds, ATTACH_FDS);
	says(no, &o, sizeof(o), fds, ATTACH_FDS);
	for (unsigned n = 0; n < ATTACH_FDS; n++)
		says(no, &o, HEAD + 8, fds, n);
	for (uint32_t args = 0; args < 5; args++) {
		o.args = args == 2 ? UINT32_MAX : args;
		says(no, &o, HEAD + 8, fds, ATTACH_FDS);
	}
	o.args = LIMIT_ARG_BYTES; /* all of them empty */
	memset(o.text, 0, sizeof(o.text));
	says(no, &o, sizeof(o), fds, ATTACH_FDS);
	o.args = 1;
	says(no, &o, HEAD + 1, fds, ATTACH_FDS);
	memcpy(o.text, "me", 3);
	o.restart = 2;
	says(no, &o, HEAD + 3, fds, ATTACH_FDS);
	o.restart = 0;
	memcpy(swapped, fds, sizeof(fds));
	swapped[ATTACH_PROGRAM] = fds[ATTACH_FOLDER];
	says(kind, &o, HEAD + 3, swapped, ATTACH_FDS);
	swapped[ATTACH_PROGRAM] = swapped[ATTACH_FOLDER] = fds[ATTACH_PROGRAM];
	says(kind, &o, HEAD + 3, swapped, ATTACH_FDS);
	fd = kit_dial(NAME); /* descriptors without a message are let go of */
	assert_int_equal(pass_send(fd, "", 0, fds, ATTACH_FDS), 0);
	assert_string_equal(kit_hear(fd), "");
	close(fd);
	kit_answered(&r, kit_domain(NAME, "app0"));
	assert_int_equal(kit_fds(r.pid), before);
	shows("app1     vacant");
	pass_close_all(fds, ATTACH_FDS);
	end(&r);
}

/* Who attached a program and then talks nonsense loses it, and nothing else. */
static void
hostile_client(void **state)
{
	static const char *const words[] = {"signal 9", "signal 2 ", "signal",
		"signal 99999999", "status", "", "signal 2 or any other one"};
	struct attach_order o;
	int fds[ATTACH_FDS];
	unsigned before;
	struct run r;

	(void)state;
	begin(&r, "1");
	before = kit_fds(r.pid);
	fill(&o, fds);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		int fd = kit_dial(NAME);
		pid_t pid;

		assert_int_equal(
			pass_send(fd, &o, HEAD + 8, fds, ATTACH_FDS), 0);
		while (!(pid = kit_domain(NAME, "me")))
			kit_read(&r);
		assert_int_equal(
			pass_send(fd, words[i], strlen(words[i]), fds, i % 3),
			0);
		assert_string_equal(kit_hear(fd), "");
		kit_await_death(pid);
		close(fd);
		while (kit_domain(NAME, "me"))
			kit_read(&r);
	}
	kit_answered(&r, kit_domain(NAME, "app0"));
	while (kit_fds(r.pid) != before)
		kit_read(&r);
	pass_close_all(fds, ATTACH_FDS);
	end(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(comes_and_goes),
		TEST(two_of_a_name),
		TEST(its_status_is_ours),
		TEST(signals_go_through),
		TEST(restarts_if_asked),
		TEST(client_dies),
		TEST(instance_ends),
		TEST(does_not_keep_it),
		TEST(wrong_requests),
		TEST(hostile_orders),
		TEST(hostile_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
