/* wire_tcp_test - segments: layouts, options, what is refused, round trips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/test/wire_pad.h"
#include "netcore/stack/wire/tcp.h"

static enum wire_bad
parse(const uint8_t *p, size_t len, struct wire_tcp *t, size_t *left)
{
	uint8_t *copy = pad_copy(p, len);
	struct cursor c = cursor_of(copy, len);
	enum wire_bad bad = wire_tcp_parse(&c, t);

	*left = cursor_left(&c);
	free(copy);
	return bad;
}

/* A header of 20 bytes with these options behind it, padded with END. */
static enum wire_bad
parse_options(uint8_t flags, const uint8_t *opt, size_t len, struct wire_tcp *t)
{
	uint8_t p[60] = {0};
	size_t left, words = (len + 3) / 4;

	assert_true(len <= 40);
	p[12] = (uint8_t)((5 + words) << 4);
	p[13] = flags;
	if (len)
		memcpy(p + 20, opt, len);
	return parse(p, 20 + words * 4, t, &left);
}

#define OPTIONS(t, flags, ...)                               \
	parse_options(flags, (const uint8_t[]){__VA_ARGS__}, \
		sizeof((const uint8_t[]){__VA_ARGS__}), t)

static const uint8_t syn[] = {0xc0, 0x01, 0x00, 0x50, 0xff, 0xff, 0xff, 0xfe, 0,
	0, 0, 0, 0xa1, 0xc2, 0xfa, 0xf0, 0x12, 0x34, 0x00, 0x07, 2, 4, 0x05,
	0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8, 1, 3, 3, 7};

static void
a_syn_is_read(void **state)
{
	struct wire_tcp t;
	size_t left;

	(void)state;
	assert_int_equal(parse(syn, sizeof(syn), &t, &left), WIRE_OK);
	assert_int_equal(left, 0);
	assert_int_equal(t.sport, 0xc001);
	assert_int_equal(t.dport, 80);
	assert_int_equal(t.seq, 0xfffffffe);
	assert_int_equal(t.ack, 0);
	assert_int_equal(t.hlen, 40);
	assert_int_equal(t.flags, WIRE_TCP_SYN | WIRE_TCP_ECE | WIRE_TCP_CWR);
	assert_int_equal(t.window, 0xfaf0);
	assert_int_equal(t.cksum, 0x1234);
	assert_int_equal(t.urgent, 7);
	assert_int_equal(t.opts,
		WIRE_TCP_MSS | WIRE_TCP_SACK_OK | WIRE_TCP_TS |
			WIRE_TCP_WSCALE);
	assert_int_equal(t.mss, 1460);
	assert_int_equal(t.wscale, 7);
	assert_int_equal(t.ts_val, 9);
	assert_int_equal(t.ts_ecr, 8);
	assert_int_equal(t.sacks, 0);
}

/* The order of most SYNs, and another one. */
static void
a_syn_is_read_on_both_ways(void **state)
{
	struct wire_tcp a, b;

	(void)state;
	memset(&a, 0xee, sizeof(a));
	memset(&b, 0xee, sizeof(b));
	assert_int_equal(OPTIONS(&a, WIRE_TCP_SYN, 2, 4, 0x12, 0x34, 4, 2, 8,
				 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 255),
		WIRE_OK);
	assert_int_equal(OPTIONS(&b, WIRE_TCP_SYN, 3, 3, 255, 1, 4, 2, 8, 10, 1,
				 2, 3, 4, 5, 6, 7, 8, 2, 4, 0x12, 0x34),
		WIRE_OK);
	assert_int_equal(a.wscale, WIRE_TCP_WSCALE_MAX);
	assert_int_equal(a.mss, 0x1234);
	assert_memory_equal(&a, &b, offsetof(struct wire_tcp, sack));
	/* Without SYN it has a timestamp, and that is all. */
	assert_int_equal(OPTIONS(&a, WIRE_TCP_ACK, 2, 4, 0x12, 0x34, 4, 2, 8,
				 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7),
		WIRE_OK);
	assert_int_equal(a.opts, WIRE_TCP_TS);
}

static void
timestamps_are_read_on_both_ways(void **state)
{
	uint8_t p[40] = {0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0x8f, 0x18, 0, 5,
		0, 6, 0, 7, 1, 1, 8, 10, 0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe,
		0xba, 0xbe, 'p', 'a', 'y'};
	const uint8_t other[12] = {
		8, 10, 0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe, 0xba, 0xbe, 1, 1};
	struct wire_tcp a, b;
	size_t left;

	(void)state;
	memset(&a, 0xee, sizeof(a));
	memset(&b, 0xee, sizeof(b));
	assert_int_equal(parse(p, 35, &a, &left), WIRE_OK);
	assert_int_equal(left, 3);
	assert_int_equal(a.opts, WIRE_TCP_TS);
	assert_int_equal(a.sacks, 0);
	assert_int_equal(a.hlen, 32);
	assert_int_equal(a.seq, 3);
	assert_int_equal(a.ts_val, 0xdeadbeef);
	assert_int_equal(a.ts_ecr, 0xcafebabe);
	memcpy(p + 20, other, sizeof(other));
	assert_int_equal(parse(p, 35, &b, &left), WIRE_OK);
	assert_int_equal(left, 3);
	assert_memory_equal(&a, &b, offsetof(struct wire_tcp, wscale));
	assert_memory_equal(&a.ts_val, &b.ts_val, 8);
}

static void
every_truncation_is_refused(void **state)
{
	struct wire_tcp t;
	size_t left;

	(void)state;
	for (size_t n = 0; n < sizeof(syn); n++)
		assert_int_equal(parse(syn, n, &t, &left),
			n < 20 ? WIRE_BAD_TCP_SHORT : WIRE_BAD_TCP_OFFSET);
	for (unsigned off = 0; off < 16; off++) {
		uint8_t p[60] = {0};

		p[12] = (uint8_t)(off << 4);
		assert_int_equal(parse(p, 60, &t, &left),
			off < 5 ? WIRE_BAD_TCP_OFFSET : WIRE_OK);
		if (off > 5)
			assert_int_equal(parse(p, off * 4 - 1, &t, &left),
				WIRE_BAD_TCP_OFFSET);
	}
}

static void
lengths_that_are_none(void **state)
{
	struct wire_tcp t;

	(void)state;
	for (unsigned kind = 2; kind < 256; kind++) {
		uint8_t k = (uint8_t)kind;

		assert_int_equal(
			OPTIONS(&t, 2, k, 0, 1, 1), WIRE_BAD_TCP_OPTION);
		assert_int_equal(
			OPTIONS(&t, 2, k, 1, 1, 1), WIRE_BAD_TCP_OPTION);
		assert_int_equal(
			OPTIONS(&t, 2, k, 5, 1, 1), WIRE_BAD_TCP_OPTION);
		assert_int_equal(
			OPTIONS(&t, 2, 1, 1, 1, k), WIRE_BAD_TCP_OPTION);
		/* Whatever stands behind END does not count. */
		assert_int_equal(OPTIONS(&t, 2, 0, k, 0, k), WIRE_OK);
		assert_int_equal(t.opts, 0);
	}
}

static void
odd_options_are_passed_over(void **state)
{
	struct wire_tcp t;

	(void)state;
	/* Unknown ones, and known ones of a wrong length. */
	assert_int_equal(
		OPTIONS(&t, 2, 34, 6, 1, 2, 3, 4, 2, 4, 5, 6), WIRE_OK);
	assert_int_equal(t.opts, WIRE_TCP_MSS);
	assert_int_equal(t.mss, 0x506);
	assert_int_equal(OPTIONS(&t, 2, 2, 3, 9, 3, 2, 4, 3, 0, 8, 4, 0, 0, 5,
				 4, 0, 0, 5, 2),
		WIRE_OK);
	assert_int_equal(t.opts, 0);
	/* What belongs into a SYN, elsewhere. */
	assert_int_equal(OPTIONS(&t, 16, 2, 4, 5, 6, 3, 3, 7, 4, 2), WIRE_OK);
	assert_int_equal(t.opts, 0);
	/* The first of two; a scale beyond 14. */
	assert_int_equal(
		OPTIONS(&t, 2, 2, 4, 1, 1, 2, 4, 2, 2, 3, 3, 15, 3, 3, 1, 8, 10,
			0, 0, 0, 1, 0, 0, 0, 2, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4),
		WIRE_OK);
	assert_int_equal(t.mss, 0x101);
	assert_int_equal(t.wscale, 14);
	assert_int_equal(t.ts_val, 1);
	assert_int_equal(t.ts_ecr, 2);
}

static void
verify_knows_a_spoilt_bit(void **state)
{
	uint8_t p[40];
	uint64_t pseudo = cksum_pseudo4(0x0a000001, 0x0a000002, 6, 40);
	uint16_t sum;

	(void)state;
	memcpy(p, syn, sizeof(p));
	be_put16(p + 16, 0);
	sum = cksum_finish(cksum_partial(p, sizeof(p), pseudo));
	be_put16(p + 16, sum);
	assert_int_equal(wire_tcp_verify(p, sizeof(p), pseudo), WIRE_OK);
	for (unsigned bit = 0; bit < sizeof(p) * 8; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(wire_tcp_verify(p, sizeof(p), pseudo),
			WIRE_BAD_TCP_CKSUM);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
make(uint64_t *seed, struct wire_tcp *t)
{
	static const uint8_t forms[] = {
		0, WIRE_TCP_TS, WIRE_TCP_SACK, WIRE_TCP_TS | WIRE_TCP_SACK};

	pad_fill(seed, t, sizeof(*t));
	t->opts = t->flags & WIRE_TCP_SYN ? t->opts & 29
					  : forms[pad_random(seed) % 4];
	t->wscale %= 15;
	t->sacks = 0;
	if (t->opts & WIRE_TCP_SACK)
		t->sacks = (uint8_t)(1 +
			pad_random(seed) % (t->opts & WIRE_TCP_TS ? 3 : 4));
}

static void
assert_same(const struct wire_tcp *a, const struct wire_tcp *b)
{
	assert_memory_equal(a, b, 12);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->window, b->window);
	assert_int_equal(a->cksum, b->cksum);
	assert_int_equal(a->urgent, b->urgent);
	assert_int_equal(a->opts, b->opts);
	assert_int_equal(a->sacks, b->sacks);
	if (a->opts & WIRE_TCP_TS)
		assert_memory_equal(&a->ts_val, &b->ts_val, 8);
	if (a->opts & WIRE_TCP_MSS)
		assert_int_equal(a->mss, b->mss);
	if (a->opts & WIRE_TCP_WSCALE)
		assert_int_equal(a->wscale, b->wscale);
	assert_memory_equal(a->sack, b->sack, 8u * a->sacks);
}

static void
round_trips(void **state)
{
	uint64_t seed = WIRE_SEED;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint8_t buf[WIRE_TCP_LEN_MAX];
		struct wire_tcp a, b;
		size_t n, left;

		make(&seed, &a);
		n = wire_tcp_emit(buf, sizeof(buf), &a);
		assert_true(n >= WIRE_TCP_LEN && n % 4 == 0);
		assert_int_equal(n, wire_tcp_emit_len(&a));
		for (size_t size = 0; i < 200 && size < n; size++) {
			uint8_t *small = pad_copy(buf, size);

			assert_int_equal(wire_tcp_emit(small, size, &a), 0);
			free(small);
		}
		assert_int_equal(parse(buf, n, &b, &left), WIRE_OK);
		assert_int_equal(left, 0);
		assert_int_equal(b.hlen, n);
		assert_same(&a, &b);
	}
}

static void
forms_have_their_lengths(void **state)
{
	struct wire_tcp t = {.flags = WIRE_TCP_SYN,
		.opts = 29,
		.mss = 1460,
		.wscale = 7,
		.ts_val = 9,
		.ts_ecr = 8,
		.sport = 0xc001,
		.dport = 80,
		.seq = 0xfffffffe,
		.window = 0xfaf0,
		.cksum = 0x1234,
		.urgent = 7};
	uint8_t buf[WIRE_TCP_LEN_MAX];

	(void)state;
	t.flags |= WIRE_TCP_ECE | WIRE_TCP_CWR;
	assert_int_equal(wire_tcp_emit(buf, sizeof(buf), &t), 40);
	buf[12] |= 1; /* NS in the example */
	assert_memory_equal(buf, syn, sizeof(syn));
	t.opts = 0;
	t.flags = WIRE_TCP_RST;
	assert_int_equal(wire_tcp_emit(buf, sizeof(buf), &t), 20);
	t.opts = WIRE_TCP_TS | WIRE_TCP_SACK;
	t.sacks = 3;
	assert_int_equal(wire_tcp_emit(buf, sizeof(buf), &t), 60);
	t.sacks = 4;
	assert_int_equal(wire_tcp_emit(buf, sizeof(buf), &t), 0);
	t.opts = WIRE_TCP_SACK;
	assert_int_equal(wire_tcp_emit(buf, sizeof(buf), &t), 56);
	t.sacks = 0;
	assert_int_equal(wire_tcp_emit(buf, sizeof(buf), &t), 0);
	t.sacks = 5;
	assert_int_equal(wire_tcp_emit(buf, sizeof(buf), &t), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_is_read),
		cmocka_unit_test(a_syn_is_read_on_both_ways),
		cmocka_unit_test(timestamps_are_read_on_both_ways),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(lengths_that_are_none),
		cmocka_unit_test(odd_options_are_passed_over),
		cmocka_unit_test(verify_knows_a_spoilt_bit),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(forms_have_their_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
