/* fifo_test - order, wholeness, wrap and credit, in one thread and in two. */
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "noc/test/pair.h"

struct ring {
	void *slots;
	uint32_t *taken;
	struct fifo_tx tx;
	struct fifo_rx rx;
};

static void
ring_make(struct ring *r, uint32_t slots)
{
	r->slots = pair_memory(slots * sizeof(struct msg) + 4096);
	r->taken = pair_memory(4096);
	fifo_tx_init(&r->tx, r->slots, r->taken, slots);
	fifo_rx_init(&r->rx, r->slots, r->taken, slots);
}

static void
ring_free(struct ring *r)
{
	munmap(r->slots, (r->tx.mask + 1) * sizeof(struct msg) + 4096);
	munmap(r->taken, 4096);
}

/* Lets both sides stand at message number `at` of a ring in use. */
static void
ring_start_at(struct ring *r, uint32_t at)
{
	pair128 *s = r->slots;

	r->tx.head = r->rx.tail = r->rx.told = *r->taken = at;
	r->tx.limit = at + r->tx.mask + 1;
	for (uint32_t i = 0; i <= r->tx.mask; i++) {
		uint32_t last = at - 1 - i; /* what lies there by now */

		s[last & r->tx.mask] = fifo_lap(last, r->tx.shift);
	}
}

static struct msg
number(uint64_t i)
{
	return (struct msg){
		.type = MSG_PING,
		.flags = i & 0x7f,
		.arg = (uint16_t)i,
		.conn = (uint32_t)(i * 2654435761u),
		.ref = i & INT64_MAX,
	};
}

static void
assert_number(const struct msg *m, uint64_t i)
{
	struct msg want = number(i);

	assert_memory_equal(m, &want, sizeof(want));
}

static void
starts_empty_and_full_is_full(void **state)
{
	struct msg m[16], out[16];
	struct ring r;

	(void)state;
	ring_make(&r, 8);
	assert_true(fifo_empty(&r.rx));
	assert_int_equal(fifo_peek(&r.rx, out, 16), 0);
	for (unsigned i = 0; i < 8; i++)
		m[i] = number(i);
	assert_int_equal(fifo_room(&r.tx), 8);
	fifo_put(&r.tx, m, 8);
	assert_int_equal(fifo_room(&r.tx), 0);
	assert_int_equal(fifo_refresh(&r.tx), 8);
	assert_int_equal(fifo_room(&r.tx), 0);
	assert_int_equal(fifo_peek(&r.rx, out, 16), 8);
	for (unsigned i = 0; i < 8; i++)
		assert_number(&out[i], i);
	fifo_skip(&r.rx, 3);
	assert_int_equal(fifo_refresh(&r.tx), 8); /* not told yet */
	fifo_tell(&r.rx);
	assert_int_equal(fifo_refresh(&r.tx), 5);
	assert_int_equal(fifo_room(&r.tx), 3);
	ring_free(&r);
}

/* All batch sizes, all positions, over the wrap of the 32-bit index. */
static void
order_survives_every_wrap(void **state)
{
	struct msg m[32], out[32];
	struct ring r;

	(void)state;
	for (uint32_t slots = 8; slots <= 64; slots *= 2) {
		uint64_t sent = 0, got = 0;

		ring_make(&r, slots);
		ring_start_at(&r, UINT32_MAX - 1000);
		for (unsigned turn = 0; turn < 4000; turn++) {
			unsigned n = turn % 32 + 1, k;

			if (fifo_room(&r.tx) < n)
				assert_true(fifo_refresh(&r.tx) >= 0);
			if (fifo_room(&r.tx) >= n) {
				for (unsigned i = 0; i < n; i++)
					m[i] = number(sent++);
				fifo_put(&r.tx, m, n);
			}
			k = fifo_peek(&r.rx, out, turn % 29 + 1);
			for (unsigned i = 0; i < k; i++)
				assert_number(&out[i], got++);
			fifo_skip(&r.rx, k);
			if (fifo_owed(&r.rx) >= slots / 4)
				fifo_tell(&r.rx);
		}
		assert_true(got > 4000);
		ring_free(&r);
	}
}

/* I3: the first slot of a batch is the last to appear. */
static void
a_batch_without_its_first_slot_is_not_there(void **state)
{
	struct msg m[4] = {number(0), number(1), number(2), number(3)};
	struct msg out[4];
	struct ring r;
	pair128 *s;

	(void)state;
	ring_make(&r, 8);
	fifo_put(&r.tx, m, 4);
	s = r.slots;
	s[0] = (pair128){0, 0};
	assert_int_equal(fifo_peek(&r.rx, out, 4), 0);
	ring_free(&r);
}

static void
a_torn_slot_is_not_taken(void **state)
{
	struct msg m = number(77), out[4];
	struct ring r;

	(void)state;
	for (int half = 0; half < 2; half++) {
		pair128 *s;

		ring_make(&r, 8);
		fifo_put(&r.tx, &m, 1);
		s = r.slots;
		s[0][half] = 0;
		assert_int_equal(fifo_peek(&r.rx, out, 4), 0);
		assert_true(fifo_empty(&r.rx));
		ring_free(&r);
	}
}

static void
impossible_indices_are_told(void **state)
{
	struct msg m[8] = {{0}};
	struct ring r;

	(void)state;
	ring_make(&r, 8);
	fifo_put(&r.tx, m, 5);
	*r.taken = 2;
	assert_int_equal(fifo_refresh(&r.tx), 3);
	*r.taken = 1; /* back */
	assert_int_equal(fifo_refresh(&r.tx), -EPROTO);
	*r.taken = 6; /* beyond */
	assert_int_equal(fifo_refresh(&r.tx), -EPROTO);
	*r.taken = 0x80000000;
	assert_int_equal(fifo_refresh(&r.tx), -EPROTO);
	assert_int_equal(fifo_room(&r.tx), 5); /* credits are as they were */
	*r.taken = 5;
	assert_int_equal(fifo_refresh(&r.tx), 0);
	ring_free(&r);
}

/* --- two threads, two processes ------------------------------------------*/

#define MANY (PAIR_SLOW ? 200000u : 5000000u)

struct flow {
	struct ring *r;
	unsigned batch;
};

static void *
produce(void *arg)
{
	struct flow *f = arg;
	struct msg m[32];

	for (uint64_t i = 0; i < MANY;) {
		unsigned n =
			(unsigned)(MANY - i < f->batch ? MANY - i : f->batch);

		if (fifo_room(&f->r->tx) < n) {
			if (fifo_refresh(&f->r->tx) < 0)
				abort();
			if (fifo_room(&f->r->tx) < n) {
				sched_yield();
				continue;
			}
		}
		for (unsigned k = 0; k < n; k++)
			m[k] = number(i + k);
		fifo_put(&f->r->tx, m, n);
		i += n;
	}
	return NULL;
}

static void
consume(struct ring *r)
{
	struct msg out[32];

	for (uint64_t i = 0; i < MANY;) {
		unsigned n = fifo_peek(&r->rx, out, 32);

		for (unsigned k = 0; k < n; k++) {
			struct msg want = number(i++);

			if (memcmp(&out[k], &want, sizeof(want)))
				fail_msg("message %llu", (unsigned long long)i);
		}
		fifo_skip(&r->rx, n);
		if (!n || fifo_owed(&r->rx) >= (r->rx.mask + 1) / 4)
			fifo_tell(&r->rx);
		if (!n)
			sched_yield();
	}
	assert_true(fifo_empty(&r->rx));
}

static void
two_threads(void **state)
{
	static const unsigned batch[] = {1, 3, 8, 32};
	struct ring r;

	(void)state;
	for (unsigned b = 0; b < 4; b++) {
		struct flow f = {&r, batch[b]};
		pthread_t t;

		ring_make(&r, b ? 1024 : 8);
		assert_int_equal(pthread_create(&t, NULL, produce, &f), 0);
		consume(&r);
		pthread_join(t, NULL);
		ring_free(&r);
	}
}

/* I3 from the producer's side: who sees the first of a batch sees all of it,
 * at whatever moment it looks. */
#define BATCH 5

static void *
produce_batches(void *arg)
{
	struct ring *r = arg;
	struct msg m[BATCH];

	for (uint64_t i = 0; i < MANY / BATCH;) {
		if (fifo_room(&r->tx) < BATCH && fifo_refresh(&r->tx) < 0)
			abort();
		if (fifo_room(&r->tx) < BATCH) {
			sched_yield();
			continue;
		}
		for (unsigned k = 0; k < BATCH; k++)
			m[k] = number(i);
		fifo_put(&r->tx, m, BATCH);
		i++;
	}
	return NULL;
}

static void
batches_appear_whole(void **state)
{
	struct msg out[32];
	static struct ring r; /* the producer outlives a failure */
	pthread_t t;
	uint64_t i = 0;

	(void)state;
	ring_make(&r, 64);
	assert_int_equal(pthread_create(&t, NULL, produce_batches, &r), 0);
	while (i < MANY / BATCH) {
		unsigned n = fifo_peek(&r.rx, out, 32), whole = n / BATCH;

		/* Only our own limit may cut one. */
		if (n % BATCH && n < 32)
			fail_msg("%u messages of batch %llu", n % BATCH,
				(unsigned long long)i + whole);
		for (unsigned k = 0; k < whole * BATCH; k++)
			assert_number(&out[k], i + k / BATCH);
		i += whole;
		fifo_skip(&r.rx, whole * BATCH);
		fifo_tell(&r.rx);
	}
	pthread_join(t, NULL);
	ring_free(&r);
}

static void
two_processes(void **state)
{
	struct ring r;
	struct flow f = {&r, 7};
	int status;
	pid_t pid;

	(void)state;
	ring_make(&r, 256);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		produce(&f);
		_exit(0);
	}
	consume(&r);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	ring_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_empty_and_full_is_full),
		cmocka_unit_test(order_survives_every_wrap),
		cmocka_unit_test(a_batch_without_its_first_slot_is_not_there),
		cmocka_unit_test(a_torn_slot_is_not_taken),
		cmocka_unit_test(impossible_indices_are_told),
		cmocka_unit_test(two_threads),
		cmocka_unit_test(batches_appear_whole),
		cmocka_unit_test(two_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
