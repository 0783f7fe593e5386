/* msg_test - every type: one good message, and each way to spoil it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "noc/msg.h"

#define BYTES 65536

/* One legal message of each type. */
static const struct msg good[MSG_TYPES] = {
	[MSG_NEW_CONN] = {MSG_NEW_CONN, 0, 7, 0xabcd, 0x1f900a000001},
	[MSG_NEW_DATA] = {MSG_NEW_DATA, 0, 0, 5, (100ull << 40) | 4096},
	[MSG_DATA_ACKED] = {MSG_DATA_ACKED, 0, 0, 5, 1},
	[MSG_REMOTE_CLOSED] = {MSG_REMOTE_CLOSED, 0, 0, 5, 0},
	[MSG_CLEANUP] = {MSG_CLEANUP, 0, MSG_WHY_RESET, 5, 0},
	[MSG_CONNECTED] = {MSG_CONNECTED, 0, 0, 5, 99},
	[MSG_CONNECT_FAILED] = {MSG_CONNECT_FAILED, 0, MSG_WHY_REFUSED, 0, 99},
	[MSG_LISTENING] = {MSG_LISTENING, 0, 3, 0, 0},
	[MSG_LISTEN_CLOSED] = {MSG_LISTEN_CLOSED, 0, 3, 0, MSG_WHY_IN_USE},
	[MSG_PONG] = {MSG_PONG, 0, 1, 2, 3},
	[MSG_UDP_DATA] = {MSG_UDP_DATA, 0, 3, 0, 0x350a000001},
	[MSG_UDP_SENT] = {MSG_UDP_SENT, 0, 3, 0, 1},
	[MSG_ACCEPT] = {MSG_ACCEPT, 0, 7, 5, 0},
	[MSG_CONNECT] = {MSG_CONNECT, 0, 0, 99, 0x500a000001},
	[MSG_RECV_DONE] = {MSG_RECV_DONE, 0, 0, 5, 1460},
	[MSG_SEND] = {MSG_SEND, 0, 0, 5, (1ull << 40) | (BYTES - 1)},
	[MSG_SHUTDOWN] = {MSG_SHUTDOWN, 0, MSG_SHUT_WR, 5, 0},
	[MSG_CLOSE] = {MSG_CLOSE, MSGF_ABORT, 0, 5, 0},
	[MSG_LISTEN] = {MSG_LISTEN, 0, 3, 0, 0x5000000000},
	[MSG_UNLISTEN] = {MSG_UNLISTEN, 0, 3, 0, 0},
	[MSG_SET_OPTION] = {MSG_SET_OPTION, 0, MSG_OPT_NAGLE, 5, 1},
	[MSG_PING] = {MSG_PING, 0, 1, 2, 3},
	[MSG_UDP_SEND] = {MSG_UDP_SEND, 0, 3, 0, 0x350a000001},
	[MSG_UDP_DONE] = {MSG_UDP_DONE, 0, 0, 0, 1},
	[MSG_TELL] = {MSG_TELL, 0, 0, 2, 3},
};

static enum msg_way
way_of(unsigned type)
{
	if (type == MSG_TELL)
		return MSG_MATE;
	return type < MSG_ACCEPT ? MSG_EVENT : MSG_COMMAND;
}

static int
check(struct msg m)
{
	return msg_check(&m, 1, way_of(m.type), BYTES);
}

static void
every_type_passes_whole(void **state)
{
	(void)state;
	for (unsigned t = MSG_NONE + 1; t < MSG_ADDR; t++) {
		assert_int_equal(good[t].type, t);
		assert_int_equal(check(good[t]), 1);
		assert_int_equal(msg_check(&good[t], 1, !way_of(t), BYTES),
			-MSG_BAD_WAY);
		assert_string_not_equal(msg_name(t), "?");
	}
}

static void
unknown_types_are_refused(void **state)
{
	struct msg m = {0};

	(void)state;
	for (unsigned t = 0; t < 256; t++) {
		if (t > MSG_NONE && t < MSG_TYPES)
			continue;
		m.type = (uint8_t)t;
		assert_int_equal(
			msg_check(&m, 1, MSG_EVENT, BYTES), -MSG_BAD_TYPE);
		assert_string_equal(msg_name(t), "?");
	}
	for (unsigned t = MSG_ADDR; t < MSG_TYPES; t++) {
		m.type = (uint8_t)t;
		assert_int_equal(
			msg_check(&m, 1, MSG_EVENT, BYTES), -MSG_BAD_RUN);
		assert_string_not_equal(msg_name(t), "?");
	}
}

static void
the_lap_bits_mean_nothing_here(void **state)
{
	(void)state;
	for (unsigned t = MSG_NONE + 1; t < MSG_ADDR; t++) {
		struct msg m = good[t];

		m.flags |= MSGF_LAP;
		assert_int_equal(check(m), -MSG_BAD_FLAGS);
		m = good[t];
		m.ref |= 1ull << 63;
		assert_int_equal(check(m), -MSG_BAD_REF);
	}
}

static void
flags_belong_to_types(void **state)
{
	static const uint8_t flags[MSG_TYPES] = {
		[MSG_SEND] = MSGF_HOLD | MSGF_FIN,
		[MSG_CLOSE] = MSGF_ABORT,
		[MSG_LISTEN] = MSGF_UDP,
	};

	(void)state;
	for (unsigned t = MSG_NONE + 1; t < MSG_ADDR; t++)
		for (unsigned f = MSGF_HOLD; f < MSGF_LAP; f <<= 1) {
			struct msg m = good[t];

			m.flags = (uint8_t)f;
			assert_int_equal(
				check(m), flags[t] & f ? 1 : -MSG_BAD_FLAGS);
		}
}

static void
data_stays_in_its_partition(void **state)
{
	struct msg m = good[MSG_SEND];

	(void)state;
	m.ref = msg_data(0, BYTES);
	assert_int_equal(check(m), 1);
	m.ref = msg_data(1, BYTES);
	assert_int_equal(check(m), -MSG_BAD_REF);
	m.ref = msg_data(BYTES - 1, 2);
	assert_int_equal(check(m), -MSG_BAD_REF);
	m.ref = msg_data((1ull << 40) - 1, 1);
	assert_int_equal(check(m), -MSG_BAD_REF);
	m.ref = msg_data((1ull << 40) - 1, LIMIT_LEN_MAX);
	assert_int_equal(check(m), -MSG_BAD_REF);
	m.ref = msg_data(10, 0);
	assert_int_equal(check(m), -MSG_BAD_REF);
	assert_int_equal(
		msg_check(&good[MSG_SEND], 1, MSG_COMMAND, 0), -MSG_BAD_REF);
}

static void
args_conns_and_refs_are_checked(void **state)
{
	static const struct {
		struct msg m;
		int rc;
	} bad[] = {
		{{MSG_SEND, 0, 1, 5, 1ull << 40}, -MSG_BAD_ARG},
		{{MSG_CLEANUP, 0, MSG_REASONS, 5, 0}, -MSG_BAD_ARG},
		{{MSG_SHUTDOWN, 0, 0, 5, 0}, -MSG_BAD_ARG},
		{{MSG_SHUTDOWN, 0, 4, 5, 0}, -MSG_BAD_ARG},
		{{MSG_SET_OPTION, 0, MSG_OPTIONS, 5, 0}, -MSG_BAD_ARG},
		{{MSG_LISTEN, 0, 3, 1, 0x5000000000}, -MSG_BAD_CONN},
		{{MSG_CONNECT_FAILED, 0, 1, 1, 99}, -MSG_BAD_CONN},
		{{MSG_LISTEN, 0, 3, 0, 0}, -MSG_BAD_REF},
		{{MSG_LISTEN, 0, 3, 0, 1ull << 48}, -MSG_BAD_REF},
		{{MSG_RECV_DONE, 0, 0, 5, 0}, -MSG_BAD_REF},
		{{MSG_RECV_DONE, 0, 0, 5, (1ull << 40) + 1}, -MSG_BAD_REF},
		{{MSG_ACCEPT, 0, 0, 5, 1}, -MSG_BAD_REF},
		{{MSG_CONNECTED, 0, 0, 5, 1ull << 32}, -MSG_BAD_REF},
		{{MSG_LISTEN_CLOSED, 0, 0, 0, MSG_REASONS}, -MSG_BAD_REF},
		{{MSG_SET_OPTION, 0, 0, 5, 1ull << 32}, -MSG_BAD_REF},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(check(bad[i].m), bad[i].rc);
}

static void
arrays_are_whole_and_alike(void **state)
{
	struct msg m[LIMIT_RUN + 1];

	(void)state;
	for (unsigned n = 2; n <= LIMIT_RUN; n++) {
		for (unsigned i = 0; i < n; i++) {
			m[i] = good[MSG_SEND];
			m[i].flags = i + 1 < n ? MSGF_MORE : MSGF_FIN;
		}
		m[n] = good[MSG_PING];
		assert_int_equal(msg_check(m, n + 1, MSG_COMMAND, BYTES), n);
		assert_int_equal(msg_run(m), n);
		/* cut off */
		assert_int_equal(
			msg_check(m, n - 1, MSG_COMMAND, BYTES), -MSG_BAD_RUN);
		m[n - 1].conn++;
		assert_int_equal(
			msg_check(m, n, MSG_COMMAND, BYTES), -MSG_BAD_CONN);
		m[n - 1] = good[MSG_PING];
		assert_int_equal(
			msg_check(m, n, MSG_COMMAND, BYTES), -MSG_BAD_RUN);
	}
	for (unsigned i = 0; i <= LIMIT_RUN; i++) {
		m[i] = good[MSG_SEND];
		m[i].flags = i < LIMIT_RUN ? MSGF_MORE : 0;
	}
	assert_int_equal(
		msg_check(m, LIMIT_RUN + 1, MSG_COMMAND, BYTES), -MSG_BAD_RUN);
}

static void
addresses_of_ipv6_ride_along(void **state)
{
	uint8_t in[16], out[16];
	struct msg m[3] = {
		{MSG_CONNECT, MSGF_MORE | MSGF_V6, 0, 99, msg_endpoint(0, 80)}};

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		in[i] = (uint8_t)(0xf0 + i);
	msg_put_addr6(&m[1], in);
	assert_int_equal(msg_check(m, 3, MSG_COMMAND, BYTES), 3);
	assert_int_equal(msg_run(m), 3);
	msg_get_addr6(&m[1], out);
	assert_memory_equal(in, out, 16);

	assert_int_equal(msg_check(m, 2, MSG_COMMAND, BYTES), -MSG_BAD_RUN);
	m[0].ref = msg_endpoint(1, 80);
	assert_int_equal(msg_check(m, 3, MSG_COMMAND, BYTES), -MSG_BAD_REF);
	m[0].ref = msg_endpoint(0, 80);
	m[0].flags = MSGF_V6;
	assert_int_equal(msg_check(m, 3, MSG_COMMAND, BYTES), -MSG_BAD_RUN);
	m[0].flags = MSGF_MORE;
	assert_int_equal(msg_check(m, 3, MSG_COMMAND, BYTES), -MSG_BAD_FLAGS);
	m[0].flags = MSGF_MORE | MSGF_V6;
	m[2].arg = 0;
	assert_int_equal(msg_check(m, 3, MSG_COMMAND, BYTES), -MSG_BAD_ARG);
	m[2].arg = 1;
	m[2].ref |= 1ull << 40;
	assert_int_equal(msg_check(m, 3, MSG_COMMAND, BYTES), -MSG_BAD_REF);
	m[2].ref = 0;
	m[2].flags = MSGF_MORE;
	assert_int_equal(msg_check(m, 3, MSG_COMMAND, BYTES), -MSG_BAD_FLAGS);
	m[2] = good[MSG_PING];
	assert_int_equal(msg_check(m, 3, MSG_COMMAND, BYTES), -MSG_BAD_RUN);
}

static void
datagrams_are_endpoints_and_pieces(void **state)
{
	struct msg m[LIMIT_RUN + 2], piece = {MSG_PIECE, 0, 0, 0, 1ull << 40};
	uint8_t addr[16] = {0xfd};

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		unsigned at = v6 ? 3 : 1;

		m[0] = good[MSG_UDP_SEND];
		m[0].ref = msg_endpoint(!v6, 53);
		m[0].flags = MSGF_MORE | (v6 ? MSGF_V6 : 0);
		if (v6)
			msg_put_addr6(&m[1], addr);
		assert_int_equal(msg_pieces_at(m), at);
		for (unsigned n = at + 1; n <= LIMIT_RUN; n++) {
			m[n - 2].flags |= MSGF_MORE;
			m[n - 1] = piece;
			m[n] = piece;
			assert_int_equal(
				msg_check(m, n + 1, MSG_COMMAND, BYTES), n);
			assert_int_equal(
				msg_check(m, n - 1, MSG_COMMAND, BYTES),
				-MSG_BAD_RUN);
			m[n - 1].ref = msg_data(BYTES, 1);
			assert_int_equal(msg_check(m, n, MSG_COMMAND, BYTES),
				-MSG_BAD_REF);
			m[n - 1].ref = msg_data(BYTES - 1, 1);
			m[n - 1].conn = 1;
			assert_int_equal(msg_check(m, n, MSG_COMMAND, BYTES),
				-MSG_BAD_CONN);
			m[n - 1].conn = 0;
			m[n - 1].flags = MSGF_V6;
			assert_int_equal(msg_check(m, n, MSG_COMMAND, BYTES),
				-MSG_BAD_FLAGS);
			m[n - 1] = good[MSG_UDP_SEND];
			assert_int_equal(msg_check(m, n, MSG_COMMAND, BYTES),
				-MSG_BAD_RUN);
			m[n - 1] = piece;
		}
		m[LIMIT_RUN - 1].flags = MSGF_MORE;
		m[LIMIT_RUN] = piece;
		assert_int_equal(
			msg_check(m, LIMIT_RUN + 1, MSG_COMMAND, BYTES),
			-MSG_BAD_RUN);
	}
	/* Only a datagram has any. */
	m[0] = good[MSG_CONNECT];
	m[0].flags = MSGF_MORE;
	m[1] = piece;
	assert_int_equal(msg_check(m, 2, MSG_COMMAND, BYTES), -MSG_BAD_FLAGS);
}

static void
fields_survive_packing(void **state)
{
	struct msg m = {.ref = msg_data((1ull << 40) - 1, LIMIT_LEN_MAX)};

	(void)state;
	assert_true(msg_offset(&m) == (1ull << 40) - 1);
	assert_int_equal(msg_len(&m), LIMIT_LEN_MAX);
	m.ref = msg_endpoint(0xc0a80001, 65535);
	assert_int_equal(msg_ip4(&m), 0xc0a80001);
	assert_int_equal(msg_port(&m), 65535);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_passes_whole),
		cmocka_unit_test(unknown_types_are_refused),
		cmocka_unit_test(the_lap_bits_mean_nothing_here),
		cmocka_unit_test(flags_belong_to_types),
		cmocka_unit_test(data_stays_in_its_partition),
		cmocka_unit_test(args_conns_and_refs_are_checked),
		cmocka_unit_test(arrays_are_whole_and_alike),
		cmocka_unit_test(addresses_of_ipv6_ride_along),
		cmocka_unit_test(datagrams_are_endpoints_and_pieces),
		cmocka_unit_test(fields_survive_packing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
