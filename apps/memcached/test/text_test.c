/* text_test - what memcached 1.6.18 answers to the classic commands, to lines
 * whole and byte by byte; and what is ours alone: bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/memcached/test/proto_kit.h"

static const struct kit_row rows[] = {
	{"set a 5 0 3\r\nabc\r\n", "STORED\r\n", false},
	{"get\r\n", "ERROR\r\n", false},
	{"get \r\n", "ERROR\r\n", false},
	{"gets\r\n", "ERROR\r\n", false},
	{"gat\r\n", "ERROR\r\n", false},
	{"gat 0\r\n", "END\r\n", false},
	{"gat x a\r\n", "CLIENT_ERROR invalid exptime argument\r\n", false},
	{"gat 0 a\r\n", "VALUE a 5 3\r\nabc\r\nEND\r\n", false},
	{"gats 0 a b\r\n", "VALUE a 5 3 1\r\nabc\r\nEND\r\n", false},
	{"\r\n", "ERROR\r\n", false},
	{"foo\r\n", "ERROR\r\n", false},
	{" get a\r\n", "VALUE a 5 3\r\nabc\r\nEND\r\n", false},
	{"GET a\r\n", "ERROR\r\n", false},
	{"set a 0 0 3\r\nabcd\r\nget a\r\n",
		"CLIENT_ERROR bad data chunk\r\nERROR\r\nVALUE a 5 "
		"3\r\nabc\r\nEND\r\n",
		false},
	{"set a 0 0 3\r\nabcdefg\r\nget a\r\n",
		"CLIENT_ERROR bad data chunk\r\nERROR\r\nVALUE a 5 "
		"3\r\nabc\r\nEND\r\n",
		false},
	{"set b 0 0 -1\r\nget a\r\n",
		"CLIENT_ERROR bad command line format\r\nVALUE a 5 "
		"3\r\nabc\r\nEND\r\n",
		false},
	{"set b 0 0\r\nget a\r\n", "ERROR\r\nVALUE a 5 3\r\nabc\r\nEND\r\n",
		false},
	{"set b x 0 1\r\na\r\n",
		"CLIENT_ERROR bad command line format\r\nERROR\r\n", false},
	{"set b 0 0 x\r\na\r\n",
		"CLIENT_ERROR bad command line format\r\nERROR\r\n", false},
	{"set b 0 0 1 noreply\r\na\r\nget b\r\n", "VALUE b 0 1\r\na\r\nEND\r\n",
		false},
	{"set b 0 0 1 foo\r\na\r\nget b\r\n",
		"STORED\r\nVALUE b 0 1\r\na\r\nEND\r\n", false},
	{"set b -1 0 1\r\na\r\n",
		"CLIENT_ERROR bad command line format\r\nERROR\r\n", false},
	{"cas b 0 0 1\r\na\r\n", "ERROR\r\nERROR\r\n", false},
	{"cas b 0 0 1 1\r\na\r\n", "EXISTS\r\n", false},
	{"cas b 0 0 1 x\r\na\r\n",
		"CLIENT_ERROR bad command line format\r\nERROR\r\n", false},
	{"cas nob 0 0 1 1\r\na\r\n", "NOT_FOUND\r\n", false},
	{"add b 0 0 1\r\na\r\n", "NOT_STORED\r\n", false},
	{"replace nob 0 0 1\r\na\r\n", "NOT_STORED\r\n", false},
	{"append nob 0 0 1\r\na\r\n", "NOT_STORED\r\n", false},
	{"append b 9 9 1\r\na\r\nget b\r\nprepend b 0 0 1\r\nz\r\nget b\r\n",
		"STORED\r\nVALUE b 0 2\r\naa\r\nEND\r\nSTORED\r\nVALUE b 0 "
		"3\r\nzaa\r\nEND\r\n",
		false},
	{"delete b 0\r\n", "DELETED\r\n", false},
	{"delete b\r\ndelete b\r\n", "NOT_FOUND\r\nNOT_FOUND\r\n", false},
	{"delete b 1\r\n",
		"CLIENT_ERROR bad command line format.  Usage: delete <key> "
		"[noreply]\r\n",
		false},
	{"delete b noreply\r\n", "", false},
	{"delete b 0 noreply\r\n", "", false},
	{"delete b 1 noreply\r\n", "", false},
	{"delete\r\n", "ERROR\r\n", false},
	{"set n 0 0 2\r\n10\r\nincr n 5\r\ndecr n 100\r\nget n\r\nincr n "
	 "x\r\nincr a 1\r\nincr non 1\r\n",
		"STORED\r\n15\r\n0\r\nVALUE n 0 2\r\n0 \r\nEND\r\nCLIENT_ERROR "
		"invalid numeric delta argument\r\nCLIENT_ERROR cannot "
		"increment or decrement non-numeric value\r\nNOT_FOUND\r\n",
		false},
	{"incr n\r\n", "ERROR\r\n", false},
	{"incr n -1\r\n", "CLIENT_ERROR invalid numeric delta argument\r\n",
		false},
	{"incr n 18446744073709551615\r\nincr n 2\r\n",
		"18446744073709551615\r\n1\r\n", false},
	{"touch n 0\r\ntouch non 0\r\ntouch n\r\ntouch n x\r\ntouch n 0 "
	 "noreply\r\n",
		"TOUCHED\r\nNOT_FOUND\r\nERROR\r\nCLIENT_ERROR invalid exptime "
		"argument\r\n",
		false},
	{"verbosity\r\nverbosity 1\r\nverbosity x\r\nverbosity 1 noreply\r\n",
		"ERROR\r\nOK\r\nCLIENT_ERROR bad command line format\r\n",
		false},
	{"version\r\nversion foo\r\n", "VERSION 1.6.18\r\nVERSION 1.6.18\r\n",
		false},
	{"flush_all\r\nflush_all 10\r\nflush_all 0\r\nflush_all "
	 "-1\r\nflush_all x\r\nflush_all noreply\r\nflush_all 0 noreply\r\n",
		"OK\r\nOK\r\nOK\r\nOK\r\nCLIENT_ERROR invalid exptime "
		"argument\r\n",
		false},
	{"set n +1 0 +2\r\n10\r\nget n\r\nincr n +1\r\n",
		"STORED\r\nVALUE n 1 2\r\n10\r\nEND\r\n11\r\n", false},
	{"set n 4294967301 4294967295 1\r\n1\r\nget n\r\n", "STORED\r\nEND\r\n",
		false},
	{"set n -18446744073709551611 0 1\r\n1\r\nget n\r\n",
		"STORED\r\nVALUE n 5 1\r\n1\r\nEND\r\n", false},
	{"set n 0 0 4294967296\r\nx\r\n",
		"CLIENT_ERROR bad data chunk\r\nERROR\r\n", false},
	{"set n 0 99999999999999999999 1\r\n1\r\n",
		"CLIENT_ERROR bad command line format\r\nERROR\r\n", false},
	{"set n 0 0 1 noreply x\r\nincr n 1 2 3\r\ntouch n 1 2 3\r\n",
		"ERROR\r\nERROR\r\nERROR\r\n", false},
	{"delete n 0 0\r\ndelete n 1 2 3\r\n",
		"CLIENT_ERROR bad command line format.  Usage: delete <key> "
		"[noreply]\r\nERROR\r\n",
		false},
	{"set n 0 0 2\r\r\n10\r\nbget n\r\nget n\r\r\n",
		"STORED\r\nVALUE n 0 2\r\n10\r\nEND\r\nEND\r\n", false},
	{"stats detail\r\nstats cachedump\r\nm HTTP/1\r\nmx HTTP/1\r\n",
		"CLIENT_ERROR usage: stats detail on|off|dump\r\n"
		"CLIENT_ERROR bad command line\r\nERROR\r\nERROR\r\n",
		false},
	{"GET / HTTP/1.1\r\n", "", true},
	{"quit\r\n", "", true},
	{"quit foo\r\n", "", true},
	{"shutdown\r\n", "ERROR: shutdown not enabled\r\n", false},
	{"extstore\r\n", "ERROR\r\n", false},
	{"set a 0 -1 1\r\na\r\nget a\r\nset a 0 -5 1 \r\na\r\nset a 0 x "
	 "1\r\na\r\n",
		"STORED\r\nEND\r\nSTORED\r\nCLIENT_ERROR bad command line "
		"format\r\nERROR\r\n",
		false},
};

static void
as_memcached_answers(void **state)
{
	(void)state;
	kit_talk(rows, sizeof(rows) / sizeof(*rows));
}

static void
cas_is_told_and_compared(void **state)
{
	static const struct kit_row r[] = {
		{"set a 1 0 1\r\nx\r\ngets a\r\n",
			"STORED\r\nVALUE a 1 1 1\r\nx\r\nEND\r\n", false},
		{"cas a 0 0 1 1\r\ny\r\ncas a 0 0 1 1\r\nz\r\n",
			"STORED\r\nEXISTS\r\n", false},
		{"gats 0 a b a\r\n",
			"VALUE a 0 1 2\r\ny\r\nVALUE a 0 1 2\r\ny\r\nEND\r\n",
			false},
	};

	(void)state;
	kit_talk(r, sizeof(r) / sizeof(*r));
}

/* What is behind a NUL is not there. */
static void
a_nul_ends_a_line(void **state)
{
	static const char in[] = "set k 0 0 1\0 x\r\na\r\nget k\0 k\r\n"
				 "get \0k\r\nset a\0b 0 0 1\r\nget k\0";
	static const char want[] = "STORED\r\nVALUE k 0 1\r\na\r\nEND\r\n"
				   "ERROR\r\nERROR\r\n"
				   "VALUE k 0 1\r\na\r\nEND\r\n";

	(void)state;
	for (size_t cut = 1; cut < 100; cut += 24) {
		static struct kit k;

		kit_begin(&k);
		kit_feed(&k, in, sizeof(in) - 1, cut);
		assert_int_equal(k.out_len, sizeof(want) - 1);
		assert_memory_equal(k.out, want, sizeof(want) - 1);
		kit_end(&k);
	}
}

/* A get of more keys than there is room for answers waits, and goes on. */
static void
many_keys(void **state)
{
	static struct kit k;
	static char line[100 * 1024];
	size_t n = 4, from = 0, hits = 0;

	(void)state;
	kit_begin(&k);
	kit_ask(&k, "set a 0 0 1\r\nx\r\n");
	memcpy(line, "get ", 4);
	while (n < sizeof(line) - 2)
		line[n] = n % 2 ? ' ' : 'a', n++;
	memcpy(line + n, "\r\n", 2);
	kit_connect(&k);
	assert_true(proto_read(&k.conn, line, n + 2) < 1000);
	kit_connect(&k);
	kit_feed(&k, line, n + 2, SIZE_MAX);
	for (; from + 15 < k.out_len; from += 16)
		hits += !memcmp(k.out + from, "VALUE a 0 1\r\nx\r\n", 16);
	assert_int_equal(hits, (n - 4) / 2);
	kit_end(&k);
}

static void
lines_and_keys_are_bounded(void **state)
{
	static struct kit k;
	static char line[PROTO_LINE + 16];

	(void)state;
	kit_begin(&k);
	memset(line, 'k', sizeof(line));
	memcpy(line, "get ", 4);
	strcpy(line + 4 + 251, "\r\nmn\r\n");
	assert_string_equal(kit_ask(&k, line),
		"CLIENT_ERROR bad command line format\r\nMN\r\n");
	strcpy(line + 4 + 250, "\r\nmn\r\n");
	assert_string_equal(kit_ask(&k, line), "END\r\nMN\r\n");
	memset(line, 'k', sizeof(line));
	strcpy(line + PROTO_LINE - 2, "\r\n");
	assert_string_equal(kit_ask(&k, line), "ERROR\r\n");
	assert_false(k.conn.closing);
	memset(line, 'k', sizeof(line));
	strcpy(line + PROTO_LINE - 1, "\r\n");
	assert_string_equal(kit_ask(&k, line), "");
	assert_true(k.conn.closing);
	assert_int_equal(k.core.n.line_long, 1);
	kit_end(&k);
}

static void
a_value_outlives_its_key_while_it_is_sent(void **state)
{
	static struct kit k;
	static const char in[] = "get a\r\ndelete a\r\nset a 0 0 1\r\ny\r\n";
	struct answer *a = &k.conn.out;
	const struct answer_piece *p;

	(void)state;
	kit_begin(&k);
	kit_ask(&k, "set a 0 0 1\r\nx\r\n");
	kit_connect(&k);
	assert_int_equal(
		proto_read(&k.conn, in, sizeof(in) - 1), sizeof(in) - 1);
	p = answer_at(a, 0);
	assert_memory_equal(p->ptr, "VALUE a 0 1\r\nx\r\nEND\r\n", p->len);
	answer_sent(a, answer_unsent(a));
	answer_acked(a, a->bytes);
	kit_end(&k);
}

/* Who cannot be answered ends, and nobody else. */
static void
no_text_left(void **state)
{
	static struct kit k;
	struct answer_chunk *all;

	(void)state;
	kit_begin(&k);
	kit_ask(&k, "set a 0 0 1\r\n1\r\n");
	all = k.pool.free;
	k.pool.free = NULL;
	assert_string_equal(
		kit_ask(&k, "get a\r\n"), "VALUE a 0 1\r\n1\r\nEND\r\n");
	kit_ask(&k, "incr a 1\r\n");
	assert_true(k.conn.closing && k.conn.out.broken);
	assert_int_equal(k.pool.no_chunk, 1);
	k.pool.free = all;
	assert_string_equal(kit_ask(&k, "incr a 1\r\n"), "3\r\n");
	kit_end(&k);
}

static void
statistics(void **state)
{
	static struct kit k;

	(void)state;
	kit_begin(&k);
	kit_ask(&k, "set a 0 0 1\r\n1\r\nget a b\r\n");
	assert_non_null(strstr(kit_ask(&k, "stats\r\n"), "STAT cmd_get 2\r\n"));
	assert_non_null(strstr(k.out, "STAT get_misses 1\r\n"));
	assert_non_null(strstr(k.out, "\r\nEND\r\n"));
	assert_non_null(
		strstr(kit_ask(&k, "stats slabs\r\n"), "STAT 1:used_chunks 1"));
	assert_non_null(strstr(
		kit_ask(&k, "stats items\r\n"), "STAT items:1:number 1"));
	/* Those that a common monitor calls a server dead without. */
	assert_non_null(strstr(
		kit_ask(&k, "stats\r\n"), "STAT listen_disabled_num 0\r\n"));
	assert_non_null(strstr(k.out, "STAT accepting_conns 1\r\n"));
	assert_non_null(strstr(k.out, "STAT lru_crawler_starts "));
	k.core.n.curr_connections = 2;
	k.core.n.total_connections = 3;
	assert_string_equal(kit_ask(&k, "stats reset\r\n"), "RESET\r\n");
	assert_non_null(
		strstr(kit_ask(&k, "stats\r\n"), "STAT get_misses 0\r\n"));
	assert_non_null(strstr(k.out, "STAT curr_connections 2\r\n"));
	assert_non_null(strstr(k.out, "STAT total_connections 0\r\n"));
	k.core.n.total_connections++;
	assert_non_null(strstr(kit_ask(&k, "stats conns\r\n"),
		"STAT total_connections 1\r\n"));
	assert_string_equal(kit_ask(&k, "stats nothing\r\n"), "ERROR\r\n");
	kit_end(&k);
}

static void
shutdown_where_it_is_allowed(void **state)
{
	static struct kit k;

	(void)state;
	kit_begin(&k);
	k.set.shutdown = true;
	kit_ask(&k, "shutdown\r\n");
	assert_true(k.core.shutdown && k.conn.closing);
	kit_end(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_memcached_answers),
		cmocka_unit_test(cas_is_told_and_compared),
		cmocka_unit_test(a_nul_ends_a_line),
		cmocka_unit_test(many_keys),
		cmocka_unit_test(lines_and_keys_are_bounded),
		cmocka_unit_test(a_value_outlives_its_key_while_it_is_sent),
		cmocka_unit_test(no_text_left),
		cmocka_unit_test(statistics),
		cmocka_unit_test(shutdown_where_it_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
