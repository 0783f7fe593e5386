/* text_dump_test - lists of what is stored, however many they are and however
 * slow the peer is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/memcached/test/proto_kit.h"

#define MANY 20000

static struct kit k;

static const struct kit_row rows[] = {
	{"set a 0 0 1\r\nx\r\nset b%/c 0 100 3\r\nxyz\r\nget a\r\n",
		"STORED\r\nSTORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n", false},
	{"stats cachedump 1 0\r\nmn\r\n",
		"ITEM a [1 b; 0 s]\r\nITEM b%/c [3 b; 1700000100 s]\r\n"
		"END\r\nMN\r\n",
		false},
	{"stats cachedump 1 1\r\n", "ITEM a [1 b; 0 s]\r\nEND\r\n", false},
	{"stats cachedump 2 0\r\n", "END\r\n", false},
	{"stats cachedump 0 1\r\n", "END\r\n", false},
	{"stats cachedump 63 1\r\n", "END\r\n", false},
	{"stats cachedump 64 1\r\n", "CLIENT_ERROR Illegal slab id\r\n", false},
	{"stats cachedump 1\r\n", "CLIENT_ERROR bad command line\r\n", false},
	{"stats cachedump x 1\r\n", "CLIENT_ERROR bad command line format\r\n",
		false},
	{"stats cachedump 1 x\r\n", "CLIENT_ERROR bad command line format\r\n",
		false},
	{"lru_crawler metadump all\nmn\n",
		"key=a exp=-1 la=1700000000 cas=1 fetch=yes cls=1 size=89\n"
		"key=b%25%2Fc exp=1700000100 la=1700000000 cas=2 fetch=no "
		"cls=1 size=94\nEND\r\nMN\r\n",
		false},
	{"lru_crawler metadump 2,1,63\r\n",
		"key=a exp=-1 la=1700000000 cas=1 fetch=yes cls=1 size=89\n"
		"key=b%25%2Fc exp=1700000100 la=1700000000 cas=2 fetch=no "
		"cls=1 size=94\nEND\r\n",
		false},
	{"lru_crawler metadump 2,3\r\n", "END\r\n", false},
	{"lru_crawler metadump x\r\n", "BADCLASS invalid class id\r\n", false},
	{"lru_crawler metadump 1,\r\n",
		"key=a exp=-1 la=1700000000 cas=1 fetch=yes cls=1 size=89\n"
		"key=b%25%2Fc exp=1700000100 la=1700000000 cas=2 fetch=no "
		"cls=1 size=94\nEND\r\n",
		false},
	{"lru_crawler metadump 0\r\n", "BADCLASS invalid class id\r\n", false},
	{"lru_crawler metadump 64\r\n", "BADCLASS invalid class id\r\n", false},
	{"lru_crawler crawl all\r\n", "OK\r\n", false},
	{"lru_crawler crawl x\r\n", "BADCLASS invalid class id\r\n", false},
	{"lru_crawler crawl\r\n", "ERROR\r\n", false},
	{"lru_crawler metadump 1 2\r\n", "ERROR\r\n", false},
	{"lru_crawler enable x\r\n", "ERROR\r\n", false},
	/* What is over is not told. */
	{"touch b%/c -1\r\nlru_crawler metadump all\r\n",
		"TOUCHED\r\nkey=a exp=-1 la=1700000000 cas=1 fetch=yes cls=1 "
		"size=89\nEND\r\n",
		false},
	{"flush_all\r\nstats cachedump 1 0\r\n", "OK\r\nEND\r\n", false},
};

static void
lists(void **state)
{
	(void)state;
	kit_talk(rows, sizeof(rows) / sizeof(*rows));
}

static void
fill(void)
{
	char set[64];

	kit_begin(&k);
	kit_connect(&k);
	for (unsigned i = 0; i < MANY; i++) {
		int n = snprintf(set, sizeof(set),
			"set k%u 0 0 %u noreply\r\n%0*u\r\n", i, 1 + i % 20,
			(int)(1 + i % 20), 0);

		kit_feed(&k, set, (size_t)n, SIZE_MAX);
	}
}

/* Each key that it tells, once. */
static void
check_all(const char *list, const char *before)
{
	static unsigned char met[MANY];
	unsigned n = 0;

	memset(met, 0, sizeof(met));
	for (const char *p = list; (p = strstr(p, before)); n++) {
		unsigned long key;

		p += strlen(before);
		key = strtoul(p, NULL, 10);
		assert_true(key < MANY && !met[key]++);
	}
	assert_int_equal(n, MANY);
}

static void
all_of_many(void **state)
{
	(void)state;
	fill();
	check_all(kit_ask(&k, "lru_crawler metadump all\r\nmn\r\n"), "key=k");
	assert_string_equal(k.out + k.out_len - 9, "END\r\nMN\r\n");
	/* They are of one class or two. */
	check_all(kit_ask(&k, "stats cachedump 1 0\r\nstats cachedump 2 0\r\n"),
		"ITEM k");
	kit_end(&k);
}

/* A step is short, whatever there is to be told; and who does not read is told
 * no more. */
static void
in_steps(void **state)
{
	static const char line[] = "lru_crawler metadump all\r\n";
	struct answer *a = &k.conn.out;
	size_t used, all = 0, steps = 0;

	(void)state;
	fill();
	kit_connect(&k);
	used = proto_read(&k.conn, line, sizeof(line) - 1);
	assert_int_equal(used, sizeof(line) - 2);
	assert_true(k.conn.pauses);
	assert_in_range(a->bytes, 2000, ANSWER_CHUNK);
	while (answer_has_room(a))
		assert_int_equal(proto_read(&k.conn, "\n", 1), 0);
	assert_int_equal(proto_read(&k.conn, "\n", 1), 0);
	assert_in_range(a->bytes, 10000, ANSWER_BYTES);
	for (used = 0; !used; steps++) {
		all += a->bytes;
		while (answer_unsent(a))
			answer_sent(a, answer_ready(a, 8));
		answer_acked(a, a->bytes);
		used = proto_read(&k.conn, "\n", 1);
	}
	assert_in_range(all, MANY * 50, MANY * 80);
	assert_in_range(steps, MANY * 50 / ANSWER_CHUNK / 2, MANY);
	kit_end(&k);
}

/* Nothing stays held, which kit_end() sees. */
static void
who_goes_in_the_middle(void **state)
{
	static const char line[] = "stats cachedump 1 0\r\n";

	(void)state;
	fill();
	kit_connect(&k);
	assert_int_equal(
		proto_read(&k.conn, line, sizeof(line) - 1), sizeof(line) - 2);
	kit_connect(&k);
	kit_end(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(all_of_many),
		cmocka_unit_test(in_steps),
		cmocka_unit_test(who_goes_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
