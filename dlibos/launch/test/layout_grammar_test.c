/* layout_grammar_test - every fault of a layout file is one clear line. */
#include "layout_table.h"

#include "dlibos/launch/grammar.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct layout l;
static char err[512];

static int
read_bytes(const char *text, size_t n)
{
	FILE *in = tmpfile();
	int rc;

	assert_non_null(in);
	assert_int_equal(fwrite(text, 1, n, in), n);
	rewind(in);
	memset(err, 0, sizeof(err));
	rc = grammar_read(in, "dir/f.layout", &l, err, sizeof(err));
	fclose(in);
	return rc;
}

static int
read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

#define OK_ROLES "[roles]\n0=NA\n"

struct fault {
	const char *text;
	unsigned line;
	const char *what, *remedy;
};

static const struct fault faults[] = {
	{"", 1, "no cores", "[roles]"},
	{"[roles]\n", 1, "no cores", "[roles]"},
	{"\n\nhello\n", 3, "neither", "KEY = VALUE"},
	{"[layout\nname=x\n", 1, "neither", "[section]"},
	{"[roles]\n0=NA\nxx\n[nope]\na=b\n", 3, "neither", "KEY = VALUE"},
	{"name=x\n", 1, "unknown section []", "use [layout]"},
	{"[nope]\nname=x\n", 2, "[nope]", "use [layout]"},
	{"[layout]\ncolour=x\n", 2, "'colour'", "use name, grid"},
	{"[layout]\nname=a\nname=b\n", 3, "given in line 2", "remove one"},
	{"[layout]\nname=a b\n", 2, "name 'a b'", "use 1 to 23"},
	{"[layout]\nname=\n", 2, "name ''", "use 1 to 23"},
	{"[layout]\nname=123456789012345678901234\n", 2, "name '1234",
		"use 1 to 23"},
	{"[layout]\ngrid=6\n", 2, "grid '6'", "write COLUMNSxROWS"},
	{"[layout]\ngrid=6x\n", 2, "grid '6x'", "write COLUMNSxROWS"},
	{"[layout]\ngrid=x6\n", 2, "grid 'x6'", "write COLUMNSxROWS"},
	{"[layout]\ngrid=0x6\n", 2, "grid '0x6'", "write COLUMNSxROWS"},
	{"[layout]\ngrid=6x6x6\n", 2, "grid '6x6x6'", "write COLUMNSxROWS"},
	{"[layout]\ngrid=65x1\n", 2, "grid '65x1'", "each 1 to 64"},
	{"[layout]\ngrid=4294967297x1\n", 2, "grid '42", "each 1 to 64"},
	{"[layout]\ngrid=20x20\n", 2, "400 cores", "at most 256"},
	{"[layout]\nreach=far\n", 2, "reach 'far'", "use all or quadrant"},
	{"[layout]\nidle=lazy\n", 2, "idle 'lazy'", "use poll"},
	{"[layout]\ndispatch=least\n", 2, "dispatch 'least'",
		"use round-robin or least-conns"},
	{"[layout]\nslots=1000\n", 2, "slots '1000'", "power of two"},
	{"[layout]\nslots=4\n", 2, "slots '4'", "from 8 to 65536"},
	{"[layout]\nslots=131072\n", 2, "slots '131072'", "from 8 to 65536"},
	{"[layout]\nslots=-8\n", 2, "slots '-8'", "from 8 to 65536"},
	{"[layout]\nslots=8k\n", 2, "slots '8k'", "from 8 to 65536"},
	{"[layout]\napp_domains=two\n", 2, "'two'", "use one or each"},
	{"[roles]\nx=NA\n", 2, "'x' is no row", "0 to 63"},
	{"[roles]\n64=NA\n", 2, "'64' is no row", "0 to 63"},
	{"[roles]\n-1=NA\n", 2, "'-1' is no row", "0 to 63"},
	{"[roles]\n0=NA\n00=NA\n", 3, "given in line 2", "remove one"},
	{"[roles]\n0=NAB\n", 2, "'B' in row 0", "use only NAR."},
	{"[roles]\n0=N\xff\n", 2, "'?' in row 0", "use only NAR."},
	{"[roles]\n0=N\x7f\n", 2, "byte 0x7f", "text file"},
	{"[roles]\n0=N\x1b[2J\n", 2, "byte 0x1b", "text file"},
	{"[roles]\n0=\n", 2, "row 0 of [roles] is empty", "remove it"},
	{"[roles]\n0=NA\n2=NA\n", 3, "row 1 of [roles] is missing", "add '1"},
	{"[layout]\ngrid=2x2\n[roles]\n0=NA\n", 4, "row 1 of [roles] is missi",
		"add '1 ="},
	{"[layout]\ngrid=2x2\n[roles]\n0=NA\n1=NA\n2=NA\n", 6,
		"outside of the 2x2 grid", "are 0 to 1"},
	{"[layout]\ngrid=2x2\n[roles]\n0=NA\n1=NAA\n", 5, "has 3 letters",
		"write 2"},
	{"[layout]\ngrid=3x1\n[roles]\n0=N A\n", 4, "has 2 letters", "write 3"},
	{OK_ROLES "[quadrants]\n0=0\n", 4, "1 letters, [roles] 2", "as many"},
	{OK_ROLES "[quadrants]\n0=0A\n", 4, "'A' in row 0", "use only 0123"},
	{OK_ROLES "[quadrants]\n1=00\n", 4, "row 0 of [quadrants] is missing",
		"add '0 ="},
	{"[layout]\nreach=quadrant\n" OK_ROLES, 2, "without quadrants",
		"[quadrants]"},
	{"[layout]\nreach=quadrant\n[roles]\n0=NA\n1=NA\n[quadrants]\n"
	 "0=00\n1=01\n",
		5, "core 3 (app) has no net core", "change [roles]"},
	{"[layout]\nreach=quadrant\n[roles]\n0=NA\n1=NA\n[quadrants]\n"
	 "0=00\n1=10\n",
		5, "core 2 (net) has no app core", "change [roles]"},
	{"[layout]\nreach=quadrant\n[roles]\n0=NA\n[quadrants]\n0=..\n", 4,
		"core 0 (net) has no app core", "reach = all"},
	{"[roles]\n0=NA\n1=R\n", 3, "core 2 is R beside", "use R alone"},
	{"[roles]\n0=RA\n", 2, "core 0 is R beside", "use R alone"},
	{"[roles]\n0=NN\n", 2, "no app core", "make one core A"},
	{"[roles]\n0=AA\n", 2, "no net core", "make one core N"},
	{"[roles]\n0=..\n", 2, "all cores are unused", "letters N and A"},
};

static void
every_fault_is_one_line(void **state)
{
	char where[32];

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *f = &faults[i];

		snprintf(where, sizeof(where), "dir/f.layout:%u: ", f->line);
		if (read_text(f->text) != -EINVAL)
			fail_msg("accepted: %s", f->text);
		assert_one_line(err);
		if (strncmp(err, where, strlen(where)) ||
			!strstr(err, f->what) || !strstr(err, f->remedy))
			fail_msg("%s\nsays '%s'", f->text, err);
	}
}

/* The first fault counts, whoever finds it. */
static void
the_first_fault_is_told(void **state)
{
	(void)state;
	assert_int_equal(
		read_text("[layout]\nidle=x\nslots=3\nnonsense\n"), -EINVAL);
	assert_non_null(strstr(err, ":2: idle"));
}

static void
a_short_buffer_is_kept_to(void **state)
{
	char little[8] = "1234567";
	FILE *in = tmpfile();

	(void)state;
	assert_non_null(in);
	assert_int_equal(grammar_read(in, "f", &l, little, 4), -EINVAL);
	assert_string_equal(little, "f:1");
	assert_memory_equal(little + 4, "567", 4);
	rewind(in);
	assert_int_equal(grammar_read(in, "f", &l, NULL, 0), -EINVAL);
	fclose(in);
}

static void
too_many_cores_without_a_grid(void **state)
{
	char text[1024] = "[roles]\n", *s = text + strlen(text);

	(void)state;
	for (int row = 0; row < 4; row++) {
		s += snprintf(s, 8, "%d=", row);
		memset(s, row ? 'A' : 'N', 64);
		s += 64;
		*s++ = '\n';
	}
	*s = '\0';
	assert_int_equal(read_text(text), 0);
	assert_int_equal(l.cores, 256);
	assert_int_equal(l.cols, 16);
	strcpy(s, "4=A\n");
	assert_int_equal(read_text(text), -EINVAL);
	assert_non_null(strstr(err, "f.layout:6: [roles] has more than 256"));
	assert_non_null(strstr(err, "take some away"));
}

static void
bytes_that_are_no_text(void **state)
{
	static const char zero[] = "[roles]\n0=N\0A\n";
	unsigned char noise[4096];

	(void)state;
	assert_int_equal(read_bytes(zero, sizeof(zero) - 1), -EINVAL);
	assert_non_null(strstr(err, "f.layout:2: byte 0x00"));
	assert_non_null(strstr(err, "text file"));
	for (unsigned seed = 1; seed < 200; seed++) {
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (unsigned char)rand_r(&seed);
		assert_int_equal(
			read_bytes((char *)noise, sizeof(noise)), -EINVAL);
		assert_one_line(err);
	}
}

static void
a_line_of_a_megabyte(void **state)
{
	size_t n = 1 << 20;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, 'N', n);
	memcpy(text, "[roles]\n0=", 10);
	assert_int_equal(read_bytes(text, n), -EINVAL);
	assert_one_line(err);
	assert_non_null(strstr(err, "f.layout:2: line of 196 bytes or more"));
	memset(text, ' ', n);
	memcpy(text + n - 16, "\n[roles]\n 0=NA\n\n", 16);
	assert_int_equal(read_bytes(text, n), 0);
	free(text);
}

/* 195 bytes are a line, 196 are none; whatever the comment holds. */
static void
a_line_of_the_longest_length(void **state)
{
	char text[256] = OK_ROLES;
	size_t head = strlen(text);

	(void)state;
	memset(text + head, '#', 195);
	assert_int_equal(read_bytes(text, head + 195), 0);
	memset(text + head, '#', 196);
	assert_int_equal(read_bytes(text, head + 196), -EINVAL);
}

static void
no_file(void **state)
{
	char path[] = "/tmp/layout_grammar.XXXXXX", fifo[64];

	(void)state;
	assert_int_equal(
		grammar_load("/nonexistent/x.layout", &l, err, sizeof(err)),
		-EINVAL);
	assert_one_line(err);
	assert_non_null(strstr(err, "/nonexistent/x.layout: No such file"));
	assert_non_null(strstr(err, "name a layout file"));
	assert_non_null(mkdtemp(path));
	assert_int_equal(grammar_load(path, &l, err, sizeof(err)), -EINVAL);
	assert_one_line(err);
	assert_non_null(strstr(err, "not a file"));
	snprintf(fifo, sizeof(fifo), "%s/fifo", path);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(grammar_load(fifo, &l, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "not a file"));
	unlink(fifo);
	rmdir(path);
	assert_int_equal(
		grammar_load("/no\nsuch/x", &l, err, sizeof(err)), -EINVAL);
	assert_one_line(err);
}

static void
all_keys_are_taken(void **state)
{
	(void)state;
	assert_int_equal(read_text("; comment\r\n[layout]\r\nname = my-1 ; x\n"
				   "  grid = 3x2\nreach=quadrant\nidle=sleep\n"
				   "slots=8\napp_domains=each\ndispatch=least-"
				   "conns\n# more\n[roles]\n"
				   "1 = N A .\n0=NAA\n[quadrants]\n0=000\n"
				   "1=zz."),
		0);
	assert_string_equal(l.name, "my-1");
	assert_int_equal(l.cols, 3);
	assert_int_equal(l.rows, 2);
	assert_int_equal(l.cores, 6);
	assert_int_equal(l.reach, LAYOUT_QUADRANT);
	assert_int_equal(l.idle, LAYOUT_SLEEP);
	assert_int_equal(l.slots, 8);
	assert_int_equal(l.dispatch, LAYOUT_LEAST_CONNS);
	assert_int_equal(l.app_domains, LAYOUT_EACH);
	assert_int_equal(l.net, 2);
	assert_int_equal(l.app, 3);
	assert_int_equal(l.core[0].quadrant, 0);
	assert_int_equal(l.core[3].quadrant, 35);
	assert_int_equal(l.core[5].quadrant, LAYOUT_NO_QUADRANT);
	assert_int_equal(l.core[5].role, LAYOUT_UNUSED);
	assert_int_equal(l.core[5].x, 2);
	assert_int_equal(l.core[5].y, 1);
	assert_int_equal(layout_edges(&l), 3);
}

static void
without_a_grid_cores_are_folded(void **state)
{
	(void)state;
	assert_int_equal(read_text("[roles]\n0=NNN\n1=AAAAAAAA\n[quadrants]\n"
				   "0=00001111000\n"),
		0);
	assert_string_equal(l.name, "f");
	assert_int_equal(l.cores, 11);
	assert_int_equal(l.cols, 4);
	assert_int_equal(l.rows, 3);
	assert_int_equal(l.core[10].x, 2);
	assert_int_equal(l.core[10].y, 2);
	assert_int_equal(l.core[4].quadrant, 1);
	assert_int_equal(layout_at(&l, 3, 2), -1);
}

/* What the page of grammar shows is grammar. */
static void
the_example_of_the_page_is_a_layout(void **state)
{
	FILE *page = fopen(DL_LAYOUT_DIR "/README.md", "r");
	char line[512], text[4096] = "";
	bool inside = false;

	(void)state;
	assert_non_null(page);
	while (fgets(line, sizeof(line), page)) {
		if (!strncmp(line, "```", 3))
			inside = !inside && !strcmp(line, "```ini\n");
		else if (inside)
			strncat(text, line, sizeof(text) - strlen(text) - 1);
	}
	fclose(page);
	assert_int_equal(read_text(text), 0);
	assert_string_equal(l.name, "mine");
	assert_int_equal(layout_edges(&l), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_is_one_line),
		cmocka_unit_test(the_first_fault_is_told),
		cmocka_unit_test(a_short_buffer_is_kept_to),
		cmocka_unit_test(too_many_cores_without_a_grid),
		cmocka_unit_test(bytes_that_are_no_text),
		cmocka_unit_test(a_line_of_a_megabyte),
		cmocka_unit_test(a_line_of_the_longest_length),
		cmocka_unit_test(no_file),
		cmocka_unit_test(all_keys_are_taken),
		cmocka_unit_test(without_a_grid_cores_are_folded),
		cmocka_unit_test(the_example_of_the_page_is_a_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
