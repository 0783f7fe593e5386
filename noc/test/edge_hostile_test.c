/* edge_hostile_test - the other side is a process that wants to harm us: it
 * shows garbage, moves its index back and ahead, floods, and plays with its
 * ends of the bells. We count, close the channel, and never crash or wait. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "noc/test/pair.h"

/* A generator of its own, so that a failure can be repeated. */
static uint64_t
xorshift(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void
count_only(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	uint64_t *got = arg;

	(void)e;
	/* What the handler sees keeps the promises of msg_check(). */
	for (unsigned i = 0; i < n; i++)
		if (m[i].type == MSG_SEND &&
			msg_offset(&m[i]) + msg_len(&m[i]) > PAIR_DATA)
			abort();
	*got += n;
}

static uint64_t
all_bad(const struct edge *e)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < MSG_BADS; i++)
		sum += e->count->bad[i];
	return sum;
}

/* Fills all slots with random words that carry the right laps, and sends half
 * of the time something that is nearly right. */
static void
garbage_closes_the_channel(void **state)
{
	uint64_t seed = 88172645463325252u, got = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct pair p;
		struct msg *slot;

		pair_make(&p, 64);
		pair_open(&p, 1, 64, count_only, &got);
		slot = (struct msg *)(void *)((char *)p.side[0] + 4096);
		for (unsigned i = 0; i < 64; i++) {
			uint64_t a = xorshift(&seed), b = xorshift(&seed);

			memcpy(&slot[i], (uint64_t[]){a, b}, 16);
			if (a & 1 << 20) {
				slot[i].type = (uint8_t)(a % MSG_TYPES);
				slot[i].flags &= MSGF_MORE;
				slot[i].arg = 0;
			}
			slot[i].flags |= MSGF_LAP;
			slot[i].ref |= 1ull << 63;
		}
		while (edge_serve(&p.end[1], 32))
			edge_flush(&p.end[1]);
		assert_int_equal(p.end[1].down, EDGE_BAD_MESSAGES);
		assert_int_equal(all_bad(&p.end[1]), LIMIT_BAD);
		assert_int_equal(edge_serve(&p.end[1], 32), 0);
		pair_free(&p);
	}
	assert_true(got > 0); /* some of it was right by chance */
}

static void
each_reason_has_its_counter(void **state)
{
	static const struct msg bad[] = {
		[MSG_BAD_TYPE] = {.type = 200},
		[MSG_BAD_WAY] = {.type = MSG_PONG},
		[MSG_BAD_FLAGS] = {.type = MSG_PING, .flags = MSGF_FIN},
		[MSG_BAD_ARG] = {.type = MSG_SHUTDOWN},
		[MSG_BAD_CONN] = {.type = MSG_UNLISTEN, .conn = 1},
		[MSG_BAD_REF] = {.type = MSG_SEND, .ref = 1},
		[MSG_BAD_RUN] = {.type = MSG_ADDR},
	};
	uint64_t got = 0;
	struct pair p;

	(void)state;
	pair_make(&p, 64);
	pair_open(&p, 0, 64, count_only, &got);
	pair_open(&p, 1, 64, count_only, &got);
	for (unsigned i = 1; i < MSG_BADS; i++) {
		fifo_put(&p.end[0].tx, &bad[i], 1);
		edge_serve(&p.end[1], 32);
		assert_int_equal(p.end[1].count->bad[i], 1);
		assert_string_not_equal(msg_bad_name(i), "?");
	}
	assert_int_equal(got, 0);
	assert_int_equal(p.end[1].down, EDGE_UP); /* below the limit */
	pair_free(&p);
}

static void
an_impossible_index_closes_the_channel(void **state)
{
	static const uint32_t claim[] = {0xffffffff, 9, 0x80000000, 1u << 16};
	struct msg m = {.type = MSG_PONG};
	uint64_t got = 0;

	(void)state;
	for (unsigned c = 0; c < 4; c++) {
		struct pair p;
		struct edge_page *page;

		pair_make(&p, 8);
		pair_open(&p, 1, 8, count_only, &got);
		page = p.side[0];
		for (unsigned i = 0; i < 8; i++)
			assert_true(edge_send(&p.end[1], &m, 1));
		page->taken = claim[c];
		assert_false(edge_send(&p.end[1], &m, 1));
		assert_int_equal(p.end[1].down, EDGE_BAD_INDEX);
		edge_flush(&p.end[1]);
		pair_free(&p);
	}
}

/* The peer clears the O_NONBLOCK of its end, fills the pipe, steals the bytes
 * by opening the pipe anew: our ring and our hush return at once. */
static void
bells_do_not_block(void **state)
{
	struct bell b;
	char path[64], buf[65536] = {0};
	int again;

	(void)state;
	assert_int_equal(bell_make(&b), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", b.read_fd);
	again = open(path, O_WRONLY | O_NONBLOCK);
	assert_true(again >= 0);
	while (write(again, buf, sizeof(buf)) > 0)
		;
	fcntl(b.read_fd, F_SETFL, 0); /* what the hearer can do to us */
	assert_int_equal(bell_ring(b.write_fd), 0);
	fcntl(b.read_fd, F_SETFL, O_NONBLOCK);
	while (read(b.read_fd, buf, sizeof(buf)) > 0)
		;
	fcntl(b.write_fd, F_SETFL, 0); /* what the ringer can do to us */
	assert_true(bell_hush(b.read_fd));
	close(again);
	close(b.write_fd);
	assert_false(bell_hush(b.read_fd));
	close(b.read_fd);
}

/* A process that writes at random over all of its side while we serve it and
 * send to it. */
static void
a_scribbler_harms_only_itself(void **state)
{
	uint64_t got = 0, closed = 0;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct msg m = {.type = MSG_PONG};
		struct pair p;
		pid_t pid;

		pair_make(&p, 64);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			uint64_t seed = 1234567 + (uint64_t)round;
			uint64_t *w = p.side[0];

			for (;;) {
				uint64_t x = xorshift(&seed);

				w[x % (p.bytes / 8)] = x * 2654435761u;
			}
		}
		pair_open(&p, 1, 64, count_only, &got);
		for (int i = 0; i < 20000 && !p.end[1].down; i++) {
			edge_serve(&p.end[1], 32);
			edge_send(&p.end[1], &m, 1);
			edge_flush(&p.end[1]);
			if (i % 64 == 0)
				sched_yield();
		}
		closed += p.end[1].down != EDGE_UP;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pair_free(&p);
	}
	assert_true(closed > 0);
}

/* A peer that sends without credit and never stops costs us a bounded burst
 * a turn: another peer is served in between. */
static void
a_flood_does_not_starve_others(void **state)
{
	uint64_t got[2] = {0, 0};
	struct msg m = {.type = MSG_PING};
	struct pair bad, good;

	(void)state;
	pair_make(&bad, 64);
	pair_make(&good, 64);
	pair_open(&bad, 0, 64, count_only, &got[0]);
	pair_open(&bad, 1, 64, count_only, &got[0]);
	pair_open(&good, 0, 64, count_only, &got[1]);
	pair_open(&good, 1, 64, count_only, &got[1]);
	for (int turn = 0; turn < 1000; turn++) {
		for (int i = 0; i < 200; i++) /* over all credit */
			fifo_put(&bad.end[0].tx, &m, 1);
		assert_true(edge_send(&good.end[0], &m, 1));
		edge_flush(&good.end[0]);
		assert_true(edge_serve(&bad.end[1], 32) <= 32);
		assert_int_equal(edge_serve(&good.end[1], 32), 1);
		edge_flush(&bad.end[1]);
		edge_flush(&good.end[1]);
	}
	assert_int_equal(got[1], 1000);
	pair_free(&bad);
	pair_free(&good);
}

/* Answers each command; what the peer does not take stays with us, bounded. */
static void
answer(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct msg pong = {.type = MSG_PONG, .conn = m->conn};

	(void)n;
	assert_true(edge_send(e, &pong, 1));
	++*(uint64_t *)arg;
}

static void
who_takes_no_answers_is_not_served(void **state)
{
	struct msg m = {.type = MSG_PING};
	uint64_t got = 0, before;
	struct pair p;

	(void)state;
	pair_make(&p, 64);
	pair_open(&p, 0, 64, count_only, &got);
	pair_open(&p, 1, 64, answer, &got);
	for (int i = 0; i < 3 * LIMIT_PARK; i++) {
		if (fifo_room(&p.end[0].tx) || fifo_refresh(&p.end[0].tx) < 64)
			fifo_put(&p.end[0].tx, &m, 1);
		edge_serve(&p.end[1], 32);
		edge_flush(&p.end[1]);
	}
	assert_int_equal(p.end[1].count->refused, 0);
	assert_in_range(got, LIMIT_PARK / 2, LIMIT_PARK + 64);
	/* It could sleep now, although commands wait: they cannot be taken. */
	assert_false(edge_pending(&p.end[1]));
	before = got;
	edge_serve(&p.end[0], 32); /* the peer comes to its senses */
	edge_flush(&p.end[0]);
	assert_true(edge_pending(&p.end[1]));
	edge_flush(&p.end[1]);
	assert_true(edge_serve(&p.end[1], 32) > 0);
	assert_true(got > before);
	pair_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage_closes_the_channel),
		cmocka_unit_test(each_reason_has_its_counter),
		cmocka_unit_test(an_impossible_index_closes_the_channel),
		cmocka_unit_test(bells_do_not_block),
		cmocka_unit_test(a_scribbler_harms_only_itself),
		cmocka_unit_test(a_flood_does_not_starve_others),
		cmocka_unit_test(who_takes_no_answers_is_not_served),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
