/* keep_test - what data() leaves comes again: all of it, in order, when there
 * may be room, before the end; and nothing of it stays behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "appcore/test/core_world.h"

#define ID     (1u << 24)
#define CONNS  3
#define STREAM (1u << 20)

/* What a connection's program has read, and how much more it wants to. */
struct reader {
	struct world *w;
	uint8_t *got;
	size_t n, wants;
	unsigned calls, ended, closed;
	bool closes; /* with the piece that fills what it wants */
};

static void
data(struct dl *dl, struct dl_conn *c, const void *ptr, size_t len)
{
	struct reader *r = dl_conn_user(c);
	size_t n = len < r->wants ? len : r->wants;

	(void)dl;
	r->calls++;
	assert_true(r->n + n <= STREAM);
	assert_int_equal(r->ended, 0);
	memcpy(r->got + r->n, ptr, n);
	r->n += n;
	r->wants -= n;
	dl_recv_done(c, n);
	if (n < len)
		dl_keep(c, (const uint8_t *)ptr + n, len - n);
	if (r->closes && !r->wants)
		dl_close(c);
}

static void
remote_closed(struct dl *dl, struct dl_conn *c)
{
	struct reader *r = dl_conn_user(c);

	(void)dl;
	r->ended++;
}

static void
closed(struct dl *dl, struct dl_conn *c, enum dl_why why)
{
	struct reader *r = dl_conn_user(c);

	(void)dl;
	(void)why;
	r->closed++;
	dl_read_on(c); /* too late */
}

static const struct dl_handler handler = {
	.data = data,
	.remote_closed = remote_closed,
	.closed = closed,
};

/* With the least that a program may have. */
static const struct dl_handler bare = {.data = data, .closed = closed};

static struct world *
begin(const struct dl_handler *h, struct reader *r)
{
	struct world *w = world_open();

	assert_int_equal(dl_listen(&w->dl, NULL, 80, h, NULL), 0);
	for (unsigned i = 0; i < CONNS; i++) {
		world_offer(w, 0, ID + i);
		memset(&r[i], 0, sizeof(r[i]));
		r[i].w = w;
		r[i].got = malloc(STREAM);
		assert_non_null(r[i].got);
		dl_conn_set_user(&w->dl.net[0].conn[i], &r[i]);
	}
	return w;
}

static void
end(struct world *w, struct reader *r)
{
	uint32_t unused = 0;

	for (uint32_t i = w->dl.free_kept; i; i = w->dl.kept[i].next)
		unused++;
	assert_int_equal(unused, w->dl.fresh_kept - 1);
	for (unsigned i = 0; i < CONNS; i++)
		free(r[i].got);
	world_close(w);
}

static struct dl_conn *
conn(struct world *w, unsigned i)
{
	return &w->dl.net[0].conn[i];
}

static void
bytes(struct world *w, unsigned i, uint32_t at, uint32_t len)
{
	world_tell(w, 0,
		(struct msg){MSG_NEW_DATA, 0, 0, ID + i, msg_data(at, len)});
}

static void
acked(struct world *w, unsigned i)
{
	world_tell(w, 0, (struct msg){MSG_DATA_ACKED, 0, 0, ID + i, 0});
}

static void
event(struct world *w, unsigned i, enum msg_type type)
{
	world_tell(w, 0, (struct msg){.type = (uint8_t)type, .conn = ID + i});
}

/* --- tests ----------------------------------------------------------------*/

static void
what_is_kept_comes_again_in_order(void **state)
{
	struct reader r[CONNS];
	struct world *w = begin(&handler, r);

	(void)state;
	r->wants = 40;
	bytes(w, 0, 0, 100);
	bytes(w, 0, 100, 200);
	bytes(w, 0, 300, 300);
	assert_int_equal(r->calls, 1);
	assert_int_equal(w->given_back, 40);
	acked(w, 0); /* it is asked, and still wants nothing */
	assert_int_equal(r->calls, 2);
	assert_int_equal(r->n, 40);
	r->wants = 150;
	acked(w, 0);
	assert_int_equal(r->calls, 4);
	assert_int_equal(r->n, 190);
	r->wants = 1000;
	acked(w, 0);
	assert_int_equal(r->calls, 6);
	assert_int_equal(r->n, 600);
	assert_int_equal(w->given_back, 600);
	bytes(w, 0, 600, 10); /* as if nothing had been kept */
	acked(w, 0);
	assert_int_equal(r->calls, 7);
	assert_memory_equal(r->got, w->rx, 610);
	assert_int_equal(w->dl.count.rx_bytes, 610);
	assert_int_equal(conn(w, 0)->unread, 0);
	end(w, r);
}

static void
room_and_the_program_bring_it_again(void **state)
{
	struct reader r[CONNS];
	struct world *w = begin(&bare, r);

	(void)state;
	dl_read_on(conn(w, 0));
	bytes(w, 0, 0, 100);
	assert_int_equal(r->calls, 1);
	r->wants = 10;
	dl_read_on(conn(w, 0));
	assert_int_equal(r->n, 10);
	w->dl.net[0].pieces = LIMIT_SENDS;
	assert_int_equal(dl_room(conn(w, 0), 1), -EAGAIN);
	r->wants = 20;
	room_turn(&w->dl);
	assert_int_equal(r->n, 10);
	w->dl.net[0].pieces = 0;
	room_turn(&w->dl);
	assert_int_equal(r->n, 30);
	r->wants = 100;
	acked(w, 0);
	assert_int_equal(r->n, 100);
	assert_memory_equal(r->got, w->rx, 100);
	end(w, r);
}

static void
the_end_waits_until_all_is_read(void **state)
{
	struct reader r[CONNS];
	struct world *w = begin(&handler, r);

	(void)state;
	bytes(w, 0, 0, 100);
	event(w, 0, MSG_REMOTE_CLOSED);
	r->wants = 99;
	acked(w, 0);
	assert_int_equal(r->ended, 0);
	r->wants = 1;
	acked(w, 0);
	assert_int_equal(r->ended, 1);
	assert_int_equal(w->said[MSG_CLOSE], 0);
	acked(w, 0);
	assert_int_equal(r->ended, 1);
	event(w, 1, MSG_REMOTE_CLOSED);
	assert_int_equal(r[1].ended, 1);
	end(w, r);

	/* And so does the close by itself. */
	w = begin(&bare, r);
	bytes(w, 0, 0, 100);
	event(w, 0, MSG_REMOTE_CLOSED);
	assert_int_equal(w->said[MSG_CLOSE], 0);
	r->wants = 100;
	acked(w, 0);
	assert_int_equal(r->n, 100);
	assert_int_equal(w->said[MSG_CLOSE], 1);
	end(w, r);
}

/* Whoever ends it, and when: nothing more is handed up. */
static void
what_is_kept_ends_with_its_connection(void **state)
{
	struct reader r[CONNS];
	struct world *w = begin(&handler, r);

	(void)state;
	for (unsigned i = 0; i < CONNS; i++) {
		bytes(w, i, 0, 10);
		bytes(w, i, 10, 10);
		event(w, i, MSG_REMOTE_CLOSED);
	}
	r[0].closes = true; /* with more behind it */
	r[0].wants = 10;
	acked(w, 0);
	assert_int_equal(r[0].calls, 2);
	r[1].closes = true; /* with the last one */
	r[1].wants = 20;
	acked(w, 1);
	assert_int_equal(r[1].calls, 3);
	assert_int_equal(w->said[MSG_CLOSE], 2);
	for (unsigned i = 0; i < 2; i++) {
		acked(w, i);
		bytes(w, i, 20, 10);
		dl_keep(conn(w, i), w->rx, 10);
		event(w, i, MSG_CLEANUP);
		assert_int_equal(r[i].closed, 1);
	}
	dl_abort(conn(w, 2));
	dl_read_on(conn(w, 2));
	event(w, 2, MSG_CLEANUP);
	assert_int_equal(r[2].calls, 1);
	for (unsigned i = 0; i < CONNS; i++)
		assert_int_equal(r[i].ended, 0);
	assert_int_equal(w->said[MSG_CLOSE], 3);
	end(w, r);

	w = begin(&handler, r);
	for (unsigned i = 0; i < CONNS; i++)
		bytes(w, i, 0, 10);
	event(w, 0, MSG_CLEANUP);
	event_net_down(&w->core, &w->edge[0]);
	for (unsigned i = 0; i < CONNS; i++) {
		assert_int_equal(r[i].closed, 1);
		assert_int_equal(r[i].calls, 1);
	}
	end(w, r);
}

static void
a_table_that_is_full_costs_one_connection(void **state)
{
	struct reader r[CONNS];
	struct world *w = begin(&handler, r);

	(void)state;
	bytes(w, 1, 0, 1);
	for (unsigned i = 2; i < LIMIT_KEPT; i++)
		bytes(w, 0, 0, 1);
	assert_int_equal(w->said[MSG_CLOSE], 0);
	bytes(w, 1, 1, 1);
	assert_int_equal(w->said[MSG_CLOSE], 1);
	assert_int_equal(w->dl.count.keep_failed, 1);
	bytes(w, 2, 0, 7); /* there is the one that was given back */
	bytes(w, 2, 7, 1);
	assert_int_equal(w->dl.count.keep_failed, 2);
	assert_int_equal(w->said[MSG_CLOSE], 2);
	r->wants = LIMIT_KEPT;
	acked(w, 0);
	assert_int_equal(r->n, LIMIT_KEPT - 2);
	end(w, r);
}

static void
streams_stay_streams(void **state)
{
	struct reader r[CONNS];
	struct world *w = begin(&handler, r);
	uint8_t *sent[CONNS];
	size_t n[CONNS] = {0};

	(void)state;
	for (unsigned i = 0; i < CONNS; i++)
		assert_non_null(sent[i] = malloc(STREAM));
	srandom(7);
	for (unsigned k = 0; k < 20000; k++) {
		unsigned i = (unsigned)random() % CONNS;
		uint32_t len = 1 + (uint32_t)random() % 40;
		uint32_t at = (uint32_t)random() % (WORLD_RX - len);

		r[i].wants = (size_t)random() % 100;
		if (random() % 2) {
			memcpy(sent[i] + n[i], w->rx + at, len);
			n[i] += len;
			bytes(w, i, at, len);
		} else {
			acked(w, i);
		}
	}
	assert_true(w->dl.count.kept > 2000);
	for (unsigned i = 0; i < CONNS; i++) {
		r[i].wants = STREAM;
		acked(w, i);
		assert_int_equal(r[i].n, n[i]);
		assert_memory_equal(r[i].got, sent[i], n[i]);
		free(sent[i]);
	}
	assert_int_equal(w->given_back, w->dl.count.rx_bytes);
	end(w, r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_comes_again_in_order),
		cmocka_unit_test(room_and_the_program_bring_it_again),
		cmocka_unit_test(the_end_waits_until_all_is_read),
		cmocka_unit_test(what_is_kept_ends_with_its_connection),
		cmocka_unit_test(a_table_that_is_full_costs_one_connection),
		cmocka_unit_test(streams_stay_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
