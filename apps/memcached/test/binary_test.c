/* binary_test - the binary protocol, whole and cut. memccapable says more, in
 * the test of the system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/memcached/binary.h"
#include "apps/memcached/test/proto_kit.h"

struct bytes {
	char b[4096];
	size_t n;
};

static void
ask(struct bytes *to, uint8_t op, const char *ext, uint8_t ext_len,
	const char *key, const char *value, uint64_t cas)
{
	size_t key_len = strlen(key), value_len = strlen(value);
	char *at = to->b + to->n;

	*at++ = (char)BINARY_REQUEST;
	*at++ = (char)op;
	at = binary_put(at, key_len, 2);
	*at++ = (char)ext_len;
	at = binary_put(at, 0, 3);
	at = binary_put(at, ext_len + key_len + value_len, 4);
	at = binary_put(at, 0xcafe0000u + op, 4);
	at = binary_put(at, cas, 8);
	memcpy(at, ext, ext_len);
	memcpy(at + ext_len, key, key_len);
	memcpy(at + ext_len + key_len, value, value_len);
	to->n = (size_t)(at - to->b) + ext_len + key_len + value_len;
}

/* Takes an answer off the front. */
static size_t
expect(struct kit *k, size_t at, uint8_t op, uint16_t status, uint8_t ext,
	const char *body)
{
	const char *p = k->out + at;
	uint32_t len = binary_u32(p + 8);

	assert_true(at + 24 <= k->out_len);
	assert_int_equal((uint8_t)p[0], BINARY_RESPONSE);
	assert_int_equal((uint8_t)p[1], op);
	assert_int_equal((uint8_t)p[4], ext);
	assert_int_equal(binary_u32(p + 4) & 0xffff, status);
	assert_int_equal(binary_u32(p + 12), 0xcafe0000u + op);
	if (body) { /* NULL: the caller looks */
		assert_int_equal(len - ext, strlen(body));
		assert_memory_equal(p + 24 + ext, body, strlen(body));
	}
	return at + 24 + len;
}

static const char no_ext[8];

static void
talk(size_t cut)
{
	static struct kit k;
	struct bytes in = {.n = 0};
	char count[20] = {0};
	size_t at = 0;

	binary_put(count, 2, 8);
	binary_put(count + 8, 40, 8);
	ask(&in, OP_SET, "\0\0\0\7\0\0\0\0", 8, "key", "value", 0);
	ask(&in, OP_GET, "", 0, "key", "", 0);
	ask(&in, OP_GETK, "", 0, "key", "", 0);
	ask(&in, 0x09, "", 0, "none", "", 0); /* getq: silent */
	ask(&in, OP_GET, "", 0, "none", "", 0);
	ask(&in, OP_GETK, "", 0, "none", "", 0);
	ask(&in, OP_ADD, no_ext, 8, "key", "x", 0);
	ask(&in, OP_REPLACE, no_ext, 8, "none", "x", 0);
	ask(&in, OP_APPEND, "", 0, "none", "x", 0);
	ask(&in, 0x19, "", 0, "key", "x", 0); /* appendq: silent */
	ask(&in, OP_GET, "", 0, "key", "", 0);
	ask(&in, OP_SET, no_ext, 8, "key", "y", 99);
	ask(&in, OP_INCR, count, 20, "n", "", 0);
	ask(&in, OP_INCR, count, 20, "n", "", 0);
	ask(&in, OP_INCR, count, 20, "key", "", 0);
	ask(&in, 0x14, "", 0, "key", "", 0); /* deleteq: silent */
	ask(&in, OP_DELETE, "", 0, "key", "", 0);
	ask(&in, 0x77, "", 0, "", "value", 0);
	ask(&in, OP_SET, no_ext, 8, "empty", "", 0);
	ask(&in, OP_GET, "", 0, "empty", "", 0);
	ask(&in, OP_VERSION, "", 0, "", "", 0);
	ask(&in, OP_NOOP, "", 0, "", "", 0);
	ask(&in, OP_QUIT, "", 0, "", "", 0);

	kit_begin(&k);
	kit_feed(&k, in.b, in.n, cut);
	at = expect(&k, at, OP_SET, BINARY_OK, 0, "");
	at = expect(&k, at, OP_GET, BINARY_OK, 4, "value");
	assert_int_equal(k.out[at - 6], 7);
	at = expect(&k, at, OP_GETK, BINARY_OK, 4, "keyvalue");
	at = expect(&k, at, OP_GET, BINARY_NOT_FOUND, 0, "Not found");
	at = expect(&k, at, OP_GETK, BINARY_NOT_FOUND, 0, "none");
	at = expect(&k, at, OP_ADD, BINARY_EXISTS, 0, "Data exists for key.");
	at = expect(&k, at, OP_REPLACE, BINARY_NOT_FOUND, 0, "Not found");
	at = expect(&k, at, OP_APPEND, BINARY_NOT_STORED, 0, "Not stored.");
	at = expect(&k, at, OP_GET, BINARY_OK, 4, "valuex");
	at = expect(&k, at, OP_SET, BINARY_EXISTS, 0, "Data exists for key.");
	at = expect(&k, at, OP_INCR, BINARY_OK, 0, NULL);
	assert_int_equal(k.out[at - 1], 40);
	at = expect(&k, at, OP_INCR, BINARY_OK, 0, NULL);
	assert_int_equal(k.out[at - 1], 42);
	at = expect(&k, at, OP_INCR, BINARY_NO_NUMBER, 0,
		"Non-numeric server-side value for incr or decr");
	at = expect(&k, at, OP_DELETE, BINARY_NOT_FOUND, 0, "Not found");
	at = expect(&k, at, 0x77, BINARY_UNKNOWN, 0, "Unknown command");
	at = expect(&k, at, OP_SET, BINARY_OK, 0, "");
	at = expect(&k, at, OP_GET, BINARY_OK, 4, "");
	at = expect(&k, at, OP_VERSION, BINARY_OK, 0, "1.6.18");
	at = expect(&k, at, OP_NOOP, BINARY_OK, 0, "");
	at = expect(&k, at, OP_QUIT, BINARY_OK, 0, "");
	assert_int_equal(at, k.out_len);
	assert_true(k.conn.closing);
	kit_end(&k);
}

static void
requests(void **state)
{
	(void)state;
	talk(SIZE_MAX);
	talk(1);
	talk(7);
	talk(25);
}

static void
what_is_no_request_ends_it(void **state)
{
	static struct kit k;
	struct bytes in = {.n = 0};

	(void)state;
	ask(&in, OP_NOOP, "", 0, "", "", 0);
	ask(&in, OP_NOOP, "", 0, "", "", 0);
	in.b[24] = 'g';
	kit_begin(&k);
	kit_feed(&k, in.b, in.n, SIZE_MAX);
	assert_int_equal(expect(&k, 0, OP_NOOP, BINARY_OK, 0, ""), k.out_len);
	assert_true(k.conn.closing);
	assert_int_equal(k.core.n.bad_binary, 1);
	kit_end(&k);
}

/* A request that cannot be is read to its value, answered, and the last. */
static void
what_is_refused_ends_it(void **state)
{
	static const struct {
		uint8_t op, ext_len;
		const char *key, *value;
		enum binary_status status;
		const char *text;
	} bad[] = {
		{OP_GET, 0, "", "", BINARY_INVALID, "Invalid arguments"},
		{OP_GET, 0, "k", "v", BINARY_INVALID, "Invalid arguments"},
		{OP_SET, 3, "k", "v", BINARY_INVALID, "Invalid arguments"},
		{OP_SASL_AUTH, 0, "", "", BINARY_INVALID, "Invalid arguments"},
		{0x77, 0, "k", "", BINARY_UNKNOWN, "Unknown command"},
		{0x1b, 4, "", "", BINARY_UNKNOWN, "Unknown command"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		for (size_t cut = 1; cut < 60; cut += 29) {
			static struct kit k;
			struct bytes in = {.n = 0};

			ask(&in, bad[i].op, no_ext, bad[i].ext_len, bad[i].key,
				bad[i].value, 0);
			kit_begin(&k);
			kit_feed(&k, in.b, 24, cut);
			if (bad[i].ext_len || *bad[i].key)
				assert_int_equal(k.out_len, 0);
			kit_end(&k);
			ask(&in, OP_NOOP, "", 0, "", "", 0);
			kit_begin(&k);
			kit_feed(&k, in.b, in.n, cut);
			assert_int_equal(expect(&k, 0, bad[i].op, bad[i].status,
						 0, bad[i].text),
				k.out_len);
			assert_true(k.conn.closing);
			kit_end(&k);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(what_is_no_request_ends_it),
		cmocka_unit_test(what_is_refused_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
