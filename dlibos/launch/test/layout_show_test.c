/* layout_show_test - `dlibos layout`: exit statuses, drawing, picture. */
#include "layout_table.h"

#include "dlibos/base/log.h"
#include "dlibos/launch/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARGS 12

static char out[65536], said[8192];

static void
slurp(FILE *from, char *to, size_t size)
{
	size_t n;

	rewind(from);
	n = fread(to, 1, size - 1, from);
	to[n] = '\0';
}

/* Runs the words after "layout"; stdout goes to out, stderr to said. */
static int
run(const char *words)
{
	FILE *o = tmpfile(), *e = tmpfile();
	int old_o = dup(STDOUT_FILENO), old_e = dup(STDERR_FILENO), rc;
	char copy[512], *argv[ARGS] = {copy}, *rest = copy;
	int argc = 0;

	assert_non_null(o);
	assert_non_null(e);
	snprintf(copy, sizeof(copy), "layout|%s", words);
	while ((argv[argc] = strsep(&rest, "|")) && argc < ARGS - 1)
		if (*argv[argc])
			argc++;
	argv[argc] = NULL;
	fflush(stdout);
	dup2(fileno(o), STDOUT_FILENO);
	dup2(fileno(e), STDERR_FILENO);
	rc = layout_cmd(argc, argv);
	fflush(stdout);
	dup2(old_o, STDOUT_FILENO);
	dup2(old_e, STDERR_FILENO);
	close(old_o);
	close(old_e);
	slurp(o, out, sizeof(out));
	slurp(e, said, sizeof(said));
	fclose(o);
	fclose(e);
	return rc;
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void
wrong_requests_end_in_2(void **state)
{
	static const char *const bad[] = {"", "show", "paint", "list|x",
		"show|a-rtc|b-naive", "show|a-rtc|--core", "show|a-rtc|--nope",
		"show|a-rtc|-xy", "show|a-rtc|--core|x", "show|a-rtc|--core|-1",
		"show|a-rtc|--core|36", "show|a-rtc|--topology|cores?"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(run(bad[i]), EXIT_USAGE);
		assert_int_equal(count(said, "\n"), 1);
		assert_string_equal(out, "");
	}
}

static void
what_cannot_be_read_or_written_ends_in_1(void **state)
{
	static const char *const bad[] = {"show|nope", "show|./nope",
		"show|1:0", "show|1:1|--svg|/nonexistent/x.svg",
		"show|1:1|--svg|/dev/full"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(run(bad[i]), EXIT_FAIL);
		assert_int_equal(count(said, "\n"), 1);
	}
}

static void
a_layout_that_fits_is_drawn(void **state)
{
	(void)state;
	assert_int_equal(
		run("show|f-1to1-quadrant|--topology|" NUMA_36), EXIT_OK);
	assert_string_equal(said, "");
	assert_int_equal(count(out, " N"), 16);
	assert_int_equal(count(out, " A"), 20);
	assert_int_equal(count(out, " cpu"), 36);
	assert_int_equal(count(out,
				 "+-----------------------+------------"
				 "-----------+\n"),
		3);
	assert_non_null(strstr(out,
		"f-1to1-quadrant: 16 net, 20 app, 80 edges, hops 1.80 mean 3 "
		"max, reach quadrant, 4 quadrants; fits\n"));
	assert_null(strchr(out, '\033'));
}

static void
a_layout_that_does_not_fit_is_drawn_too(void **state)
{
	(void)state;
	assert_int_equal(run("show|b-naive|--topology|" TWO), EXIT_OK);
	assert_int_equal(count(out, " cpu"), 0);
	assert_int_equal(count(out, " N"), 18);
	assert_non_null(strstr(out, "; does not fit: layout b-naive has 36 "));
	assert_int_equal(
		run("show|b-naive|--oversubscribe|--topology|" TWO), EXIT_OK);
	assert_int_equal(count(out, " cpu0"), 18);
	assert_non_null(strstr(out, "; fits with cores sharing 2 CPUs\n"));
}

static void
a_chosen_core_shows_its_peers(void **state)
{
	(void)state;
	assert_int_equal(
		run("show|d-1to2-quadrant|--core|0|--topology|" NUMA_36),
		EXIT_OK);
	assert_non_null(strstr(out, "[N0]"));
	assert_int_equal(count(out, "*"), 6);
	assert_non_null(strstr(out, "core 0 (net, cpu 0, node 0): 6 peers\n"));
	assert_int_equal(count(out, "\n  app "), 6);
	assert_non_null(strstr(out, "\n  app 1: 1 hop, cpu 1, node 0\n"));
	assert_non_null(strstr(out, "\n  app 13: 3 hops, cpu 7, node 0\n"));
}

static void
check_markup(const char *svg)
{
	int depth = 0;

	assert_memory_equal(svg, "<svg ", 5);
	for (const char *s = svg; (s = strchr(s, '<')); s++) {
		const char *end = strchr(s, '>');

		assert_non_null(end);
		if (s[1] == '/')
			depth--;
		else if (end[-1] != '/')
			depth++;
		assert_true(depth >= 0);
	}
	assert_int_equal(depth, 0);
}

static void
the_picture_shows_roles_and_edges(void **state)
{
	char path[] = "/tmp/layout_show.XXXXXX", words[256];
	FILE *in;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(words, sizeof(words),
		"show|h-2to1-quadrant|--core|0|--svg|%s|--topology|" NUMA_36,
		path);
	assert_int_equal(run(words), EXIT_OK);
	in = fopen(path, "r");
	assert_non_null(in);
	slurp(in, out, sizeof(out));
	fclose(in);
	unlink(path);
	check_markup(out);
	assert_int_equal(count(out, "<g><title>core "), 36);
	assert_int_equal(count(out, ", net</title>"), 24);
	assert_int_equal(count(out, "<line "), 6);
	assert_int_equal(count(out, ">cpu "), 36);
	assert_non_null(strstr(out, "edges of core 0"));
}

/* A file may be called anything; its name stands in the middle of markup. */
static void
a_name_cannot_break_the_picture(void **state)
{
	char dir[] = "/tmp/layout_show.XXXXXX", words[256];
	char path[64], svg[64];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/<a&b>.layout", dir);
	snprintf(svg, sizeof(svg), "%s/svg", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("[roles]\n0=NA\n", f);
	fclose(f);
	snprintf(words, sizeof(words), "show|%s|--svg|%s", path, svg);
	assert_int_equal(run(words), EXIT_OK);
	f = fopen(svg, "r");
	assert_non_null(f);
	slurp(f, out, sizeof(out));
	fclose(f);
	unlink(svg);
	unlink(path);
	rmdir(dir);
	check_markup(out);
	assert_non_null(strstr(out, "layout &lt;a&amp;b&gt;</title>"));
}

static void
the_list_names_all_that_ship(void **state)
{
	(void)state;
	assert_int_equal(run("list"), EXIT_OK);
	assert_int_equal(count(out, "\n"), SHIPPED);
	for (unsigned i = 0; i < SHIPPED; i++)
		assert_int_equal(count(out, shipped[i].name), 1);
	setenv("DLIBOS_LAYOUTS", "/nonexistent", 1);
	assert_string_equal(layout_dir(), "/nonexistent");
	assert_int_equal(run("list"), EXIT_FAIL);
	assert_int_equal(count(said, "\n"), 1);
	assert_int_equal(run("show|a-rtc"), EXIT_FAIL);
	unsetenv("DLIBOS_LAYOUTS");
	assert_string_equal(layout_dir(), DL_LAYOUT_DIR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_requests_end_in_2),
		cmocka_unit_test(what_cannot_be_read_or_written_ends_in_1),
		cmocka_unit_test(a_layout_that_fits_is_drawn),
		cmocka_unit_test(a_layout_that_does_not_fit_is_drawn_too),
		cmocka_unit_test(a_chosen_core_shows_its_peers),
		cmocka_unit_test(the_picture_shows_roles_and_edges),
		cmocka_unit_test(a_name_cannot_break_the_picture),
		cmocka_unit_test(the_list_names_all_that_ship),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
