/* launch_copies_test - who maps what others receive: nobody. Where a network
 * core has several application domains each reads a partition of its own. */
#include <signal.h>
#include <unistd.h>

#include "dlibos/launch/test/launch_kit.h"

#define NAME "kit-copies"
#define MIB  (1ul << 20)

static const char *const two_apps =
	"[layout]\napp_domains = each\nidle = sleep\n[roles]\n0 = NAA\n";

static void
begin(struct run *r, const char *layout, const char *rx, const char *how)
{
	char path[128];

	snprintf(path, sizeof(path), "%s",
		kit_file("copies.layout", layout, 0644));
	kit_start(r, "run", "--name", NAME, "--oversubscribe", "--layout", path,
		"--rx-memory", rx, "--", SUBJECT, how, NULL);
	kit_await(r, OUT, "started", 2);
}

static void
end(struct run *r)
{
	kill(r->pid, SIGTERM);
	kit_end(r, 0);
	kit_free(r);
}

#define MAPS 16

struct map {
	char name[80]; /* with its rights in front */
	unsigned long bytes, inode;
};

struct maps {
	struct map map[MAPS];
	unsigned n;
};

/* The partitions of a domain. */
static struct maps
maps_of(const char *domain)
{
	pid_t pid = kit_domain(NAME, domain);
	struct maps all = {.n = 0};
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct map *m = &all.map[all.n];
		char rights[8], name[64];
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx %7s %*s %*s %lu /memfd:%63s", &from,
			    &to, rights, &m->inode, name) != 5)
			continue;
		m->bytes = to - from;
		snprintf(m->name, sizeof(m->name), "%s %s", rights, name);
		assert_true(++all.n < MAPS);
	}
	fclose(f);
	return all;
}

/* The n-th of that name; NULL if there are fewer. */
static const struct map *
map_of(const struct maps *all, const char *name, unsigned n)
{
	for (unsigned i = 0; i < all->n; i++)
		if (!strcmp(all->map[i].name, name) && !n--)
			return &all->map[i];
	return NULL;
}

static bool
has_inode(const struct maps *all, unsigned long inode)
{
	for (unsigned i = 0; i < all->n; i++)
		if (all->map[i].inode == inode)
			return true;
	return false;
}

/* Each maps one of the two, and neither the other one nor the packets. */
static void
they_are_apart(unsigned long bytes, unsigned long inode[2])
{
	struct maps net = maps_of("net0"), app[2];

	app[0] = maps_of("app0");
	app[1] = maps_of("app1");
	assert_non_null(map_of(&net, "rw-s dl-copy-net0", 1));
	assert_null(map_of(&net, "rw-s dl-copy-net0", 2));
	for (unsigned i = 0; i < 2; i++) {
		const struct map *own = map_of(&app[i], "r--s dl-copy-net0", 0);
		const struct map *rx = map_of(&net, "rw-s dl-rx-net0", 0);

		assert_non_null(own);
		assert_null(map_of(&app[i], "r--s dl-copy-net0", 1));
		assert_int_equal(own->bytes, bytes);
		assert_true(has_inode(&net, own->inode));
		assert_false(has_inode(&app[!i], own->inode));
		assert_non_null(rx);
		assert_false(has_inode(&app[i], rx->inode));
		assert_int_equal(app[i].n, 5);
		inode[i] = own->inode;
	}
}

static void
each_maps_its_own(void **state)
{
	unsigned long inode[2];
	struct run r;

	(void)state;
	begin(&r, two_apps, "16", "steady");
	they_are_apart(8 * MIB, inode);
	end(&r);
	begin(&r, two_apps, "1", "steady");
	they_are_apart(MIB, inode);
	end(&r);
}

/* Who comes after a dead one has memory that nobody ever had. */
static void
a_successor_finds_nothing(void **state)
{
	unsigned long before[2], after[2];
	char answer[512];
	struct run r;

	(void)state;
	begin(&r, two_apps, "16", "steady");
	they_are_apart(8 * MIB, before);
	assert_int_equal(
		kit_order(answer, sizeof(answer), "restart", NAME, "app0"), 0);
	they_are_apart(8 * MIB, after);
	assert_true(after[0] != before[0]);
	assert_int_equal(after[1], before[1]);
	assert_int_equal(
		kit_order(answer, sizeof(answer), "restart", NAME, "net0"), 0);
	they_are_apart(8 * MIB, before);
	assert_true(after[0] != before[0] && after[1] != before[1]);
	end(&r);
}

/* No way leads to the memory of another application, or of the network core. */
static void
attacks_fail(void **state)
{
	char path[128];
	struct run r;

	(void)state;
	if (geteuid()) {
		print_message("needs root: another user cannot be given\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s",
		kit_file("copies.layout", two_apps, 0644));
	kit_start(&r, "run", "--name", NAME, "--oversubscribe", "--layout",
		path, "--", INMATE, NAME, "app0", "app1", NULL);
	kit_await(&r, OUT, "\ndone\n", 2);
	assert_int_equal(kit_count(r.text[OUT], "\ntry app"), 16);
	assert_int_equal(kit_count(r.text[OUT], "\ntry net"), 16);
	if (strstr(r.text[OUT], "WORKS"))
		fail_msg("an attack works:\n%s", r.text[OUT]);
	assert_int_equal(kit_count(r.text[OUT], ": EPERM\n") +
			kit_count(r.text[OUT], ": EACCES\n"),
		48);
	end(&r);
}

/* It is each network core's applications that count. */
static void
alone_on_a_core_it_reads_in_place(void **state)
{
	static const char *const quadrants =
		"[layout]\nreach = quadrant\napp_domains = each\nidle = sleep\n"
		"[roles]\n0 = NA\n1 = NA\n[quadrants]\n0 = 00\n1 = 11\n";
	struct run r;

	(void)state;
	begin(&r, quadrants, "16", "steady");
	for (unsigned i = 0; i < 2; i++) {
		struct maps app = maps_of(i ? "app1" : "app0");
		struct maps net = maps_of(i ? "net1" : "net0");

		assert_non_null(map_of(
			&app, i ? "r--s dl-rx-net1" : "r--s dl-rx-net0", 0));
		assert_int_equal(app.n, 5);
		assert_int_equal(net.n, 6);
	}
	end(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_maps_its_own),
		TEST(a_successor_finds_nothing),
		TEST(attacks_fail),
		TEST(alone_on_a_core_it_reads_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
