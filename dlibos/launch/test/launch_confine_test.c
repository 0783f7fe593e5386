/* launch_confine_test - what a domain has, from inside and from outside, and
 * what it cannot do to others. */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "dlibos/launch/test/launch_kit.h"

#define NAME "kit-cell"

/* The rest of the line that begins with key; fails if there is none. */
static const char *
value(const char *text, const char *key)
{
	static char v[256];
	char line[64];
	const char *s;

	snprintf(line, sizeof(line), "\n%s", key);
	s = strstr(text, line);
	if (!s)
		fail_msg("no line %s in:\n%.3000s", key, text);
	s += strlen(line);
	snprintf(v, sizeof(v), "%.*s", (int)strcspn(s, "\n"), s);
	return v;
}

static const char *
status_of(pid_t pid)
{
	static char buf[8192];
	char path[64];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[n] = '\0';
	fclose(f);
	return buf;
}

static unsigned
uid_of(pid_t pid)
{
	unsigned r, e, s, f;

	assert_int_equal(sscanf(value(status_of(pid), "Uid:"), "%u %u %u %u",
				 &r, &e, &s, &f),
		4);
	assert_true(r == e && r == s && r == f);
	return r;
}

static void
no_rights(const char *status)
{
	static const char *const caps[] = {
		"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"};

	for (unsigned i = 0; i < 5; i++)
		assert_string_equal(
			value(status, caps[i]), "\t0000000000000000");
	assert_string_equal(value(status, "NoNewPrivs:"), "\t1");
	assert_int_equal(strspn(value(status, "Groups:"), " \t"),
		strlen(value(status, "Groups:")));
}

static void
rights_are_dropped(const char *inside, pid_t net, pid_t app)
{
	no_rights(inside);
	no_rights(status_of(net));
	no_rights(status_of(app));
	assert_true(uid_of(net) && uid_of(app) && uid_of(net) != uid_of(app));
}

/* The CPUs of the threads that are cores: "net0/0" and the like. */
static void
cores_are_pinned(pid_t pid, const char *prefix)
{
	char path[300];
	struct dirent *e;
	unsigned cores = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d))) {
		int tid = (int)strtol(e->d_name, NULL, 10), core;
		char name[32];

		if (tid <= 0)
			continue;
		snprintf(name, sizeof(name), "Name:\t%s", prefix);
		const char *status = status_of(tid);
		if (strncmp(status, name, strlen(name)))
			continue;
		/* 1:1 on two CPUs: core N of the layout has CPU N */
		core = (int)strtol(status + strlen(name), NULL, 10);
		assert_int_equal(
			strtol(value(status, "Cpus_allowed_list:"), NULL, 10),
			core);
		assert_null(strpbrk(value(status, "Cpus_allowed_list:"), ",-"));
		cores++;
	}
	closedir(d);
	assert_int_equal(cores, 1);
}

/* 0 to 2, the channel, two bells, and the core's epoll and eventfd. */
static void
descriptors_are_few(const char *inside)
{
	assert_int_equal(kit_count(inside, "\nfd "), 8);
	assert_int_equal(kit_count(inside, "\nfd 0 /dev/null\n"), 1);
	assert_int_equal(kit_count(inside, " socket:["), 1);
	assert_int_equal(kit_count(inside, " pipe:["), 4); /* 1, 2, bells */
	assert_int_equal(kit_count(inside, " anon_inode:[eventpoll]"), 1);
	assert_int_equal(kit_count(inside, " anon_inode:[eventfd]"), 1);
}

static void
attacks_fail(const char *inside)
{
	assert_int_equal(kit_count(inside, "\ntry "), 16);
	if (strstr(inside, "WORKS"))
		fail_msg("an attack works:\n%s", inside);
	assert_int_equal(kit_count(inside, ": EPERM\n") +
			kit_count(inside, ": EACCES\n"),
		16);
	assert_non_null(strstr(inside, "\norder error: not your instance\n"));
}

/* Partitions in /proc/PID/maps, each with its rights, and no others. */
static void
maps_are(pid_t pid, const char *const *want, unsigned n)
{
	char path[64], line[512];
	unsigned found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char rights[8], name[64], both[80];
		unsigned i = 0;

		if (sscanf(line, "%*s %7s %*s %*s %*s /memfd:%63s", rights,
			    name) != 2)
			continue;
		snprintf(both, sizeof(both), "%s %s", rights, name);
		while (i < n && strcmp(want[i], both))
			i++;
		if (i == n)
			fail_msg("process %d has %s", (int)pid, both);
		found++;
	}
	fclose(f);
	assert_int_equal(found, n);
}

static void
memory_is_as_the_table_says(pid_t net, pid_t app, pid_t launcher)
{
	static const char *const nets[] = {"rw-s dl-rx-net0",
		"rw-s dl-txhdr-net0", "rw-s dl-stat-net0", "rw-s dl-edge-net0",
		"r--s dl-edge-app0", "r--s dl-app-app0"};
	static const char *const apps[] = {"rw-s dl-app-app0",
		"rw-s dl-stat-app0", "rw-s dl-edge-app0", "r--s dl-edge-net0",
		"r--s dl-rx-net0"};
	static const char *const launchers[] = {
		"r--s dl-stat-net0", "r--s dl-stat-app0"};

	maps_are(net, nets, 6);
	maps_are(app, apps, 5);
	maps_are(launcher, launchers, 2);
}

static void
a_cell_is_tight(void **state)
{
	struct run r;
	pid_t net, app;

	(void)state;
	if (geteuid()) {
		print_message("needs root: another user cannot be given\n");
		skip();
	}
	kit_start(&r, "run", "--name", NAME, "--idle", "sleep", "--", INMATE,
		NAME, NULL);
	kit_await(&r, OUT, "\ndone\n", 1);
	net = kit_domain(NAME, "net0");
	app = kit_domain(NAME, "app0");
	rights_are_dropped(r.text[OUT], net, app);
	cores_are_pinned(net, "net0/");
	cores_are_pinned(app, "app0/");
	descriptors_are_few(r.text[OUT]);
	attacks_fail(r.text[OUT]);
	memory_is_as_the_table_says(net, app, r.pid);
	kill(r.pid, SIGINT);
	kit_end(&r, 0);
	kit_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cell_is_tight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
