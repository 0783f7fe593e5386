/* text_get_test - gets that come together are answered as if each came alone,
 * wherever what came is cut, and no further than a peer may leave unread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/memcached/test/proto_kit.h"

#define A   "VALUE a 1 2\r\nxy\r\n"
#define KEY "abcdefghijklmnopqrstu"
#define K   "VALUE " KEY " 0 3\r\n123\r\n"
#define END "END\r\n"

static const char stored[] = "set a 1 0 2\r\nxy\r\nset " KEY " 0 0 3\r\n123\r\n"
			     "set r\rs 0 0 1\r\nz\r\n";

static const struct {
	const char *ask, *answer;
} row[] = {
	{"get a\r\n", A END},
	{"get " KEY "\r\n", K END},
	{"get no\r\n", END},
	{"get a\n", A END},
	{"get r\rs\r\n", "VALUE r\rs 0 1\r\nz\r\n" END},
	{"get a " KEY "\r\n", A K END},
	{"get a \r\n", A END},
	{"get  a\r\n", A END},
	{"get \r\n", "ERROR\r\n"},
	{"get\r\n", "ERROR\r\n"},
	{"gets a\r\n", "VALUE a 1 2 1\r\nxy\r\n" END},
	{"delete b\r\n", "NOT_FOUND\r\n"},
	{"get b\r\n", END},
	{"set b 0 0 1\r\n9\r\n", "STORED\r\n"},
	{"get b\r\n", "VALUE b 0 1\r\n9\r\n" END},
	{"delete b\r\n", "DELETED\r\n"},
	{"get b\r\n", END},
};

#define ROWS  (sizeof(row) / sizeof(*row))
#define ALONE 11 /* of them, whose answers do not depend on others */

static void
add(char *to, const char *text)
{
	strcpy(to + strlen(to), text);
}

static void
begin(struct kit *k)
{
	kit_begin(k);
	kit_ask(k, stored);
	kit_connect(k);
}

static void
feed_and_want(struct kit *k, const char *ask, const char *want, size_t cut)
{
	k->out_len = 0;
	kit_feed(k, ask, strlen(ask), cut);
	assert_int_equal(k->out_len, strlen(want));
	assert_memory_equal(k->out, want, k->out_len);
}

/* Each kind of line before, between and behind a number of plain ones. */
static void
in_any_company(void **state)
{
	static struct kit k;
	char ask[4096], want[4096];

	(void)state;
	begin(&k);
	for (unsigned n = 0; n < 20; n++) {
		for (unsigned i = 0; i < ALONE; i++) {
			ask[0] = want[0] = '\0';
			for (unsigned j = 0; j <= n; j++) {
				unsigned r = j == n / 2 ? i : j % 3;

				add(ask, row[r].ask);
				add(want, row[r].answer);
			}
			feed_and_want(&k, ask, want, SIZE_MAX);
		}
	}
	kit_end(&k);
}

static void
all_cuts(void **state)
{
	static struct kit k;
	char ask[4096] = "", want[4096] = "";

	(void)state;
	begin(&k);
	for (unsigned i = 0; i < ROWS; i++) {
		add(ask, row[i].ask);
		add(want, row[i].answer);
	}
	for (size_t cut = 1; cut <= strlen(ask); cut++)
		feed_and_want(&k, ask, want, cut);
	kit_end(&k);
}

static void
lengths_of_keys(void **state)
{
	static struct kit k;
	char ask[2 * (ITEM_KEY_MAX + 8)];

	(void)state;
	begin(&k);
	for (unsigned len = 1; len <= ITEM_KEY_MAX + 2; len++) {
		bool fits = len <= ITEM_KEY_MAX;

		memcpy(ask, "get ", 4);
		memset(ask + 4, 'k', len);
		strcpy(ask + 4 + len, "\r\nget a\r\n");
		feed_and_want(&k, ask,
			fits ? END A END
			     : "CLIENT_ERROR bad command line format\r\n" A END,
			SIZE_MAX);
	}
	kit_end(&k);
}

/* Four of 300,000 bytes are more than 1 MiB: the fifth has to wait. */
static void
no_more_than_may_wait(void **state)
{
	static struct kit k;
	const size_t len = 300000, line = 7;
	char ask[64] = "", *big = malloc(len + 64);
	size_t used;

	(void)state;
	assert_non_null(big);
	begin(&k);
	strcpy(big, "set b 0 0 300000\r\n");
	memset(big + 18, 'v', len);
	memcpy(big + 18 + len, "\r\n", 2);
	kit_feed(&k, big, 20 + len, SIZE_MAX);
	free(big);
	for (unsigned i = 0; i < 8; i++)
		add(ask, "get b\r\n");
	used = proto_read(&k.conn, ask, 8 * line);
	assert_int_equal(used, 4 * line);
	assert_int_equal(answer_unsent(&k.conn.out), 4);
	answer_sent(&k.conn.out, 4);
	answer_acked(&k.conn.out, k.conn.out.bytes);
	assert_int_equal(proto_read(&k.conn, ask + used, 4 * line), 4 * line);
	kit_end(&k);
}

static void
counted_as_alone(void **state)
{
	static struct kit k;
	struct store_stats n;

	(void)state;
	begin(&k);
	store_stats_reset(k.store);
	kit_ask(&k, "get a\r\nget a\r\nget no\r\nget a\r\n");
	store_stats(k.store, &n);
	assert_int_equal(n.get_hits, 3);
	assert_int_equal(n.get_misses, 1);
	kit_end(&k);
}

/* Spaces are counted for each line. */
static void
each_behind_a_space(void **state)
{
	static const char line[] = " get no\r\n";
	static struct kit k;

	(void)state;
	begin(&k);
	for (unsigned i = 0; i < 2 * PROTO_LINE; i++)
		kit_feed(&k, line, sizeof(line) - 1, SIZE_MAX);
	assert_false(k.conn.closing);
	assert_int_equal(k.out_len, 2 * PROTO_LINE * 5);
	kit_end(&k);
}

/* What was told of one get is not taken for the next, where bytes of another
 * one lie by now. */
static void
told_of_once(void **state)
{
	static struct kit k;
	char ask[] = "get abcdefgh\r\n";
	size_t len = sizeof(ask) - 1;

	(void)state;
	begin(&k);
	kit_ask(&k, "set 12345678 0 0 1\r\nB\r\n");
	assert_true(proto_ahead(&k.conn, ask, len));
	assert_int_equal(proto_read(&k.conn, ask, len), len);
	memcpy(ask, "get 12345678\r\n", len);
	assert_int_equal(proto_read(&k.conn, ask, len), len);
	kit_feed(&k, "mn\r\n", 4, SIZE_MAX); /* takes all answers */
	k.out[k.out_len] = '\0';
	assert_string_equal(k.out,
		"STORED\r\n" END "VALUE 12345678 0 1\r\nB\r\n" END "MN\r\n");
	kit_end(&k);
}

/* Of what will be read whole, alone. */
static void
told_of_one_get(void **state)
{
	static const struct {
		const char *ask;
		bool is;
	} of[] = {
		{"get a\r\n", true},
		{"get a\n", true},
		{"get a\r\nget a\r\n", false},
		{"get a\r\ng", false},
		{"get a b\r\n", false},
		{"gets a\r\n", false},
		{"mg a v\r\n", false},
		{"get a", false},
		{"get  a\r\n", false},
		{"get \r\n", false},
		{"set a 0 0 1\r\n", false},
		{"", false},
	};
	static struct kit k;

	(void)state;
	begin(&k);
	assert_false(proto_ahead(&k.conn, "get a\r\n", 7)); /* or binary? */
	kit_feed(&k, "get a\r\n", 7, SIZE_MAX);
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		assert_int_equal(
			proto_ahead(&k.conn, of[i].ask, strlen(of[i].ask)),
			of[i].is);
	kit_feed(&k, "ge", 2, SIZE_MAX);
	assert_false(proto_ahead(&k.conn, "get a\r\n", 7));
	kit_connect(&k);
	kit_feed(&k, "get a\r\n", 7, SIZE_MAX);
	for (unsigned i = 0; answer_has_room(&k.conn.out); i++) {
		assert_true(i < ANSWER_PIECES);
		assert_true(proto_ahead(&k.conn, "get a\r\n", 7));
		assert_int_equal(proto_read(&k.conn, "get a\r\n", 7), 7);
	}
	assert_false(proto_ahead(&k.conn, "get a\r\n", 7));
	kit_end(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_any_company),
		cmocka_unit_test(all_cuts),
		cmocka_unit_test(lengths_of_keys),
		cmocka_unit_test(no_more_than_may_wait),
		cmocka_unit_test(counted_as_alone),
		cmocka_unit_test(each_behind_a_space),
		cmocka_unit_test(told_of_once),
		cmocka_unit_test(told_of_one_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
