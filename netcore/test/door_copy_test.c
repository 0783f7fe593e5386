/* door_copy_test - several applications behind one network core: each is told
 * of copies that are its alone, and who gives none back is the only one to
 * miss any. */
#include "netcore/test/door_world.h"

#define OWN 8 /* buffers of a domain */

static void
send_text(struct world *w, stack_conn c, const void *text, uint32_t len)
{
	assert_int_equal(stack_send(w->client, c, text, len), 0);
	settle(w);
}

static void
recv_done(struct world *w, unsigned app, uint32_t id, uint64_t bytes)
{
	say(w, app, (struct msg){MSG_RECV_DONE, 0, 0, id, bytes});
}

/* The bytes of the next event, which is of data; its application has them. */
static uint32_t
told(struct world *w, unsigned app, const struct part *p, char *out)
{
	const struct msg *m = expect(w, app, MSG_NEW_DATA);
	const void *data = part_at(p, msg_offset(m), msg_len(m));

	assert_non_null(data);
	memcpy(out, data, msg_len(m));
	return msg_len(m);
}

static bool
is_zero(const struct part *p)
{
	for (uint64_t i = 0; i < p->bytes; i++)
		if (p->base[i])
			return false;
	return true;
}

/* No event finds room any more, until there is again. */
static void
stuff(struct world *w, unsigned app)
{
	struct msg m = {.type = MSG_PONG};

	w->edge[app].busy = true;
	while (edge_room(&w->net[app]) > LIMIT_PARK / 2)
		assert_true(edge_send(&w->net[app], &m, 1));
}

static void
unstuff(struct world *w, unsigned app)
{
	w->edge[app].busy = false;
	edge_serve(&w->edge[app], LIMIT_PARK);
	w->seen = w->evs;
}

static void
each_reads_its_own(void **state)
{
	struct world *w = open_copies(true, false, OWN);
	uint32_t id[2];
	char text[COPY_ROOM];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		listen_at(w, i, 1, (uint16_t)(80 + i));
		id[i] = connect_to(w, i, (uint16_t)(80 + i));
		send_text(w, w->peer, i ? "theirs" : "ours", 6 - 2 * !i);
		assert_int_equal(told(w, i, &w->copy[i], text), 6 - 2 * !i);
		assert_memory_equal(text, i ? "theirs" : "ours", 6 - 2 * !i);
		assert_int_equal(buffers_used(w), 0);
		assert_int_equal(w->door.app[i].held, 1);
		assert_true(i || is_zero(&w->copy[1]));
	}
	assert_null(memmem(w->copy[0].base, w->copy[0].bytes, "theirs", 6));
	assert_null(memmem(w->copy[1].base, w->copy[1].bytes, "ours", 4));
	assert_int_equal(w->door.count.copied_bytes, 10);
	for (unsigned i = 0; i < 2; i++) {
		recv_done(w, i, id[i], 6 - 2 * !i);
		assert_int_equal(w->door.app[i].held, 0);
		assert_int_equal(w->door.app[i].copied, 0);
		assert_int_equal(w->door.copies->pool[i].free, OWN);
		say(w, i, (struct msg){MSG_CLOSE, 0, 0, id[i], 0});
	}
	stack_close(w->client, w->peer, true);
	close_world(w);
}

/* With one application, nothing is copied. */
static void
alone_it_reads_in_place(void **state)
{
	struct world *w = open_world(true, true);
	char text[COPY_ROOM];

	(void)state;
	listen_at(w, 0, 1, 80);
	connect_to(w, 0, 80);
	send_text(w, w->peer, "hello", 5);
	assert_int_equal(told(w, 0, &w->rx, text), 5);
	assert_int_equal(buffers_used(w), 1);
	assert_int_equal(w->door.count.copied_bytes, 0);
	assert_null(w->door.copies);
	close_world(w);
}

/* What is not told is not copied; it is told in order, and once. */
static void
untold_costs_no_copy(void **state)
{
	struct world *w = open_copies(true, false, OWN);
	char text[COPY_ROOM];
	uint32_t id;

	(void)state;
	listen_at(w, 0, 1, 80);
	id = connect_to(w, 0, 80);
	stuff(w, 0);
	for (unsigned i = 0; i < 3; i++)
		send_text(w, w->peer, &"abc"[i], 1);
	assert_int_equal(buffers_used(w), 3);
	assert_int_equal(w->door.count.copied_bytes, 0);
	assert_true(is_zero(&w->copy[0]));
	unstuff(w, 0);
	door_turn(&w->door);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(told(w, 0, &w->copy[0], text), 1);
		assert_int_equal(*text, "abc"[i]);
	}
	assert_int_equal(buffers_used(w), 0);
	assert_int_equal(w->door.count.copied_bytes, 3);
	recv_done(w, 0, id, 3);
	say(w, 0, (struct msg){MSG_CLOSE, MSGF_ABORT, 0, id, 0});
	expect(w, 0, MSG_CLEANUP);
	all_gone(w);
	close_world(w);
}

/* Who holds all of its own buffers gets no more, until it gives some back, and
 * the packets are there for the other one. */
static void
a_hog_starves_alone(void **state)
{
	struct world *w = open_copies(true, false, OWN);
	stack_conn hogs, meeks;
	static char count[2 * BUFFERS];
	char text[COPY_ROOM];
	uint32_t hog, meek, got = 0;

	(void)state;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	hog = connect_to(w, 0, 80);
	hogs = w->peer;
	meek = connect_to(w, 1, 81);
	meeks = w->peer;
	for (unsigned i = 0; i < 2 * BUFFERS; i++) {
		count[i] = (char)i;
		send_text(w, hogs, &count[i], 1);
	}
	for (; w->seen < w->evs; got++) {
		assert_int_equal(told(w, 0, &w->copy[0], text), 1);
		assert_int_equal(*text, (char)got);
	}
	assert_int_equal(got, OWN);
	assert_int_equal(buffers_used(w), 1);
	assert_int_equal(w->door.count.held, 1);
	for (unsigned i = 0; i < 2 * BUFFERS; i++) {
		send_text(w, meeks, "m", 1);
		assert_int_equal(told(w, 1, &w->copy[1], text), 1);
		recv_done(w, 1, meek, 1);
	}
	recv_done(w, 0, hog, got);
	while (got < 2 * BUFFERS) {
		wait_ms(w, 100);
		while (w->seen < w->evs) {
			uint32_t n = told(w, 0, &w->copy[0], text);

			for (uint32_t k = 0; k < n; k++, got++)
				assert_int_equal(text[k], (char)got);
			recv_done(w, 0, hog, n);
		}
	}
	assert_int_equal(w->door.held, 0);
	assert_int_equal(w->door.count.copies_late, 0);
	say(w, 0, (struct msg){MSG_CLOSE, MSGF_ABORT, 0, hog, 0});
	say(w, 1, (struct msg){MSG_CLOSE, MSGF_ABORT, 0, meek, 0});
	all_gone(w);
	close_world(w);
}

/* Two connections of one application, which gives back a buffer at a time: they
 * get the next ones by turns. */
static void
who_starves_takes_turns(void **state)
{
	struct world *w = open_copies(true, false, OWN / 2);
	uint32_t last = 0, from = 0;
	stack_conn peer[2];

	(void)state;
	listen_at(w, 0, 1, 80);
	for (unsigned i = 0; i < 2; i++) {
		connect_to(w, 0, 80);
		peer[i] = w->peer;
	}
	stuff(w, 0);
	for (unsigned i = 0; i < OWN + 4; i++)
		send_text(w, peer[i & 1], "x", 1);
	unstuff(w, 0);
	door_turn(&w->door);
	for (unsigned i = 0; i < OWN / 2; i++)
		from = expect(w, 0, MSG_NEW_DATA)->conn;
	silence(w);
	for (unsigned i = 0; i < 4; i++) {
		recv_done(w, 0, from, 1);
		door_turn(&w->door);
		from = expect(w, 0, MSG_NEW_DATA)->conn;
		assert_int_not_equal(from, last);
		last = from;
	}
	close_world(w);
}

/* An echo server gives received buffers back when what it sent was taken: that
 * must be told although data cannot be. */
static void
acks_pass_who_starves(void **state)
{
	struct world *w = open_copies(true, false, OWN);
	uint32_t id;

	(void)state;
	listen_at(w, 0, 1, 80);
	id = connect_to(w, 0, 80);
	for (unsigned i = 0; i <= OWN; i++)
		send_text(w, w->peer, "x", 1);
	w->seen = w->evs;
	assert_int_equal(w->door.held, 1);
	say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(0, 100)});
	settle(w);
	wait_ms(w, 50);
	assert_int_equal(expect(w, 0, MSG_DATA_ACKED)->ref, 100);
	silence(w);
	/* Nor does the end come before the data. */
	stack_close(w->client, w->peer, true);
	settle(w);
	silence(w);
	recv_done(w, 0, id, 1);
	door_turn(&w->door);
	expect(w, 0, MSG_NEW_DATA);
	assert_int_equal(expect(w, 0, MSG_CLEANUP)->arg, MSG_WHY_RESET);
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	all_gone(w);
	close_world(w);
}

/* A frame of a large MTU is told in pieces. */
static void
a_long_frame_in_pieces(void **state)
{
	struct world *w = open_copies(true, false, OWN);
	const uint32_t len = 3 * ROOM - 100;
	char got[3 * ROOM];
	struct door_conn *c;
	uint32_t id, n = 0;

	(void)state;
	listen_at(w, 0, 1, 80);
	id = connect_to(w, 0, 80);
	c = &w->door.conn[idpool_index(id)];
	for (uint32_t i = 0; i < len; i++)
		w->rx.base[i] = (uint8_t)(i * 7 + i / 256);
	w->used[0] = true;
	door_ops.data(&w->door, c->stack, idpool_index(id), w->rx.base, len,
		w->rx.base);
	while (w->seen < w->evs)
		n += told(w, 0, &w->copy[0], got + n);
	assert_int_equal(n, len);
	assert_memory_equal(got, w->rx.base, len);
	assert_int_equal(buffers_used(w), 0);
	assert_int_equal(w->door.app[0].held, 3);
	send_text(w, w->peer, "z", 1);
	assert_int_equal(told(w, 0, &w->copy[0], got), 1);
	recv_done(w, 0, id, len + 1);
	assert_int_equal(w->door.app[0].held, 0);
	say(w, 0, (struct msg){MSG_CLOSE, MSGF_ABORT, 0, id, 0});
	all_gone(w);
	close_world(w);
}

/* Packets that wait for buffers of an application's own are limited, too. */
static void
too_many_wait(void **state)
{
	struct world *w = open_copies(true, false, OWN);
	struct door_conn *c;
	uint32_t id, i;

	(void)state;
	listen_at(w, 0, 1, 80);
	id = connect_to(w, 0, 80);
	c = &w->door.conn[idpool_index(id)];
	for (i = 0; i < BUFFERS && !w->door.count.copies_late; i++) {
		uint8_t *buf = w->rx.base + (uint64_t)i * ROOM;

		w->used[i] = true;
		door_ops.data(
			&w->door, c->stack, idpool_index(id), buf, 100, buf);
	}
	assert_int_equal(i, OWN + BUFFERS * 3 / 8 + 2);
	assert_int_equal(buffers_used(w), 0);
	for (unsigned k = 0; k < OWN; k++)
		expect(w, 0, MSG_NEW_DATA);
	assert_int_equal(expect(w, 0, MSG_CLEANUP)->arg, MSG_WHY_NO_MEMORY);
	assert_int_equal(w->door.app[0].held, OWN); /* it may read them yet */
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	all_gone(w);
	close_world(w);
}

/* Cores of a domain have its buffers in common. When all have gone, others find
 * them all free, in memory of their own. */
static void
a_domain_goes(void **state)
{
	struct world *w = open_copies(true, true, OWN);
	struct part was;
	char text[COPY_ROOM];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		listen_at(w, i, 1, (uint16_t)(80 + i));
		connect_to(w, i, (uint16_t)(80 + i));
		for (unsigned k = 0; k < OWN; k++)
			send_text(w, w->peer, "secret", 6);
		w->seen = w->evs;
	}
	assert_int_equal(w->door.copies->pool[0].free, 0);
	assert_int_equal(w->door.copies->pool[0].cores, 2);
	assert_null(w->door.copies->pool[1].part);
	for (unsigned i = 0; i < 2; i++) {
		door_app_down(&w->door, i);
		leave(w, i);
		assert_int_equal(w->door.copies->pool[0].cores, 1 - i);
		assert_int_equal(w->door.app[i].held, 0);
		assert_int_equal(w->door.app[i].copied, 0);
	}
	assert_null(w->door.copies->pool[0].part);
	assert_int_equal(buffers_used(w), 0);
	was = w->copy[0];
	w->copy[0].base = calloc(1, was.bytes);
	join(w, 0, 10);
	join(w, 1, 11);
	assert_int_equal(w->door.copies->pool[0].free, OWN);
	assert_int_equal(w->door.copies->pool[1].free, OWN);
	w->seen = w->evs;
	listen_at(w, 0, 1, 80);
	connect_to(w, 0, 80);
	send_text(w, w->peer, "x", 1);
	assert_int_equal(told(w, 0, &w->copy[0], text), 1);
	assert_null(memmem(w->copy[0].base, w->copy[0].bytes, "secret", 6));
	free(was.base);
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reads_its_own),
		cmocka_unit_test(alone_it_reads_in_place),
		cmocka_unit_test(untold_costs_no_copy),
		cmocka_unit_test(a_hog_starves_alone),
		cmocka_unit_test(who_starves_takes_turns),
		cmocka_unit_test(acks_pass_who_starves),
		cmocka_unit_test(a_long_frame_in_pieces),
		cmocka_unit_test(too_many_wait),
		cmocka_unit_test(a_domain_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
