/* door_udp_test - datagrams: who is told of them, what becomes of their
 * buffers, and what a command may not say. */
#include "netcore/test/door_world.h"

#define PORT 5300
#define ID   7
#define OWN  8 /* copies of a domain */

static void
bind_at(struct world *w, unsigned app, uint16_t id, uint16_t port)
{
	say(w, app,
		(struct msg){
			MSG_LISTEN, MSGF_UDP, id, 0, msg_endpoint(0, port)});
	assert_int_equal(expect(w, app, MSG_LISTENING)->arg, id);
}

static void
bind_in_vain(struct world *w, unsigned app, uint16_t id, uint16_t port,
	enum msg_reason why)
{
	const struct msg *m;

	say(w, app,
		(struct msg){
			MSG_LISTEN, MSGF_UDP, id, 0, msg_endpoint(0, port)});
	m = expect(w, app, MSG_LISTEN_CLOSED);
	assert_int_equal(m->arg, id);
	assert_int_equal(m->ref, why);
}

/* The client's. */
static void throw(struct world * w, struct ip_addr to, uint16_t from,
	uint16_t port, const void *text, uint32_t len)
{
	assert_int_equal(
		stack_udp_send(w->client, from, to, port, text, len, NULL), 0);
	settle(w);
}

static void
done(struct world *w, unsigned app, uint64_t count)
{
	say(w, app, (struct msg){MSG_UDP_DONE, 0, 0, 0, count});
}

/* To the client, of any family, in so many pieces of two bytes at 100. */
static void
answer(struct world *w, unsigned app, uint16_t id, struct ip_addr to,
	uint16_t port, unsigned pieces)
{
	struct msg m[LIMIT_RUN] = {{.type = MSG_UDP_SEND, .arg = id}};
	uint8_t bytes[16];
	unsigned n = 1;

	m->ref = msg_endpoint((uint32_t)to.lo, port);
	if (!ip_addr_is_v4(to)) {
		m->ref = msg_endpoint(0, port);
		m->flags = MSGF_V6 | MSGF_MORE;
		ip_addr_put(to, bytes);
		msg_put_addr6(m + 1, bytes);
		n = 3;
	}
	for (unsigned i = 0; i < pieces; i++) {
		m[n - 1].flags |= MSGF_MORE;
		m[n++] = (struct msg){
			.type = MSG_PIECE, .ref = msg_data(100 + 2 * i, 2)};
	}
	say_run(w, app, m, n);
}

static const char *
text_of(const struct part *p, const struct msg *m)
{
	const struct msg *piece = m + msg_pieces_at(m);

	return (const char *)p->base + msg_offset(piece);
}

static void
a_datagram_and_its_answer(void **state)
{
	struct world *w = open_world(true, true);

	(void)state;
	bind_at(w, 0, ID, PORT);
	memcpy(w->app.base + 100, "answer", 6);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct ip_addr me = v6 ? host_ip6(2) : host_ip4(2);
		struct ip_addr it = v6 ? host_ip6(1) : host_ip4(1);
		const struct ev *ev;

		assert_int_equal(
			stack_udp_bind(w->client, me, (uint16_t)(99 + v6), 0),
			0);
		throw(w, it, (uint16_t)(99 + v6), PORT, "hello", 5);
		ev = next(w);
		assert_int_equal(ev->m->type, MSG_UDP_DATA);
		assert_int_equal(ev->m->arg, ID);
		assert_int_equal(msg_port(ev->m), 99 + v6);
		assert_int_equal(ev->n, v6 ? 4 : 2);
		assert_int_equal(msg_len(&ev->m[ev->n - 1]), 5);
		assert_memory_equal(text_of(&w->rx, ev->m), "hello", 5);
		assert_int_equal(buffers_used(w), 1);
		answer(w, 0, ID, me, (uint16_t)(99 + v6), 3);
		/* It may be written over at once. */
		memset(w->app.base + 100, 'x', 6);
		settle(w);
		assert_int_equal(w->grams, 1 + v6);
		assert_memory_equal(w->gram_data, "answer", 6);
		assert_int_equal(w->gram.len, 6);
		assert_int_equal(w->gram.port, PORT);
		assert_true(ip_addr_eq(w->gram.ip, it));
		done(w, 0, 1);
		assert_int_equal(buffers_used(w), 0);
		door_turn(&w->door);
		assert_int_equal(expect(w, 0, MSG_UDP_SENT)->ref, 1);
		memcpy(w->app.base + 100, "answer", 6);
	}
	assert_int_equal(w->door.count.udp_received, 2);
	assert_int_equal(w->door.count.udp_sent, 2);
	door_turn(&w->door);
	silence(w);
	all_gone(w);
	close_world(w);
}

static void
empty_ones_are_datagrams(void **state)
{
	struct world *w = open_world(true, true);
	const struct ev *ev;

	(void)state;
	bind_at(w, 0, ID, PORT);
	stack_udp_bind(w->client, host_ip4(2), 99, 0);
	throw(w, host_ip4(1), 99, PORT, "", 0);
	ev = next(w);
	assert_int_equal(ev->m->type, MSG_UDP_DATA);
	assert_int_equal(ev->n, 1);
	answer(w, 0, ID, host_ip4(2), 99, 0);
	settle(w);
	assert_int_equal(w->grams, 1);
	assert_int_equal(w->gram.len, 0);
	done(w, 0, 1);
	all_gone(w);
	close_world(w);
}

/* What was sent is counted, and told once a turn, where there is room. */
static void
what_was_sent_is_told_in_sum(void **state)
{
	struct world *w = open_world(true, true);
	struct msg m = {.type = MSG_PONG};
	const struct msg *told;

	(void)state;
	bind_at(w, 0, ID, PORT);
	bind_at(w, 0, ID + 1, PORT + 1);
	for (unsigned i = 0; i < 5; i++)
		answer(w, 0, (uint16_t)(ID + (i > 1)), host_ip4(2), 99, 1);
	silence(w);
	w->edge[0].busy = true;
	assert_true(edge_send(&w->net[0], &m, 1)); /* is parked */
	door_turn(&w->door);
	assert_int_equal(w->net[0].parked, 1);
	w->edge[0].busy = false;
	edge_serve(&w->edge[0], LIMIT_PARK);
	expect(w, 0, MSG_PONG);
	door_turn(&w->door);
	told = expect(w, 0, MSG_UDP_SENT);
	assert_int_equal(told->arg, ID);
	assert_int_equal(told->ref, 2);
	told = expect(w, 0, MSG_UDP_SENT);
	assert_int_equal(told->arg, ID + 1);
	assert_int_equal(told->ref, 3);
	assert_int_equal(w->door.udp_news, 0);
	/* The end of it says it, too. */
	answer(w, 0, ID, host_ip4(2), 99, 1);
	say(w, 0, (struct msg){MSG_UNLISTEN, 0, ID, 0, 0});
	expect(w, 0, MSG_LISTEN_CLOSED);
	door_turn(&w->door);
	silence(w);
	assert_int_equal(w->door.udp_news, 0);
	close_world(w);
}

static void
what_cannot_go_is_counted(void **state)
{
	struct world *w = open_world(true, true);
	const struct door_count *n = &w->door.count;
	struct msg m[2] = {{MSG_UDP_SEND, MSGF_MORE, ID, 0,
				   msg_endpoint((uint32_t)host_ip4(2).lo, 9)},
		{MSG_PIECE, 0, 0, 0, msg_data(0, 1472)}};
	struct ip_addr far = host_ip6(2);
	struct msg at4 = {MSG_LISTEN, MSGF_UDP, ID + 1, 0,
		msg_endpoint((uint32_t)host_ip4(1).lo, 77)};

	(void)state;
	bind_at(w, 0, ID, PORT);
	say_run(w, 0, m, 2);
	m[1].ref = msg_data(0, 65508);
	say_run(w, 0, m, 2);
	assert_int_equal(n->udp_tx_long, 1);
	assert_int_equal(n->udp_sent, 1);
	settle(w);
	answer(w, 0, ID, ip_addr_v4(0x7f000001), 9, 1);
	answer(w, 0, ID, ip_addr_v4(0xffffffff), 9, 1);
	answer(w, 0, ID, ip_addr_v4(0xe0000001), 9, 1);
	assert_int_equal(n->udp_no_host, 3);
	say(w, 0, at4);
	expect(w, 0, MSG_LISTENING);
	answer(w, 0, ID + 1, host_ip6(2), 9, 1);
	assert_int_equal(n->udp_no_host, 4);
	far.hi ^= 1;
	answer(w, 0, ID, far, 9, 1);
	assert_int_equal(n->udp_no_route, 1);
	/* All of it counts as sent for the application. */
	door_turn(&w->door);
	assert_int_equal(expect(w, 0, MSG_UDP_SENT)->ref, 6);
	assert_int_equal(expect(w, 0, MSG_UDP_SENT)->ref, 1);
	for (unsigned i = 0; i < BUFFERS; i++)
		answer(w, 0, ID, host_ip4(2), 9, 1);
	assert_int_equal(n->udp_tx_full, 0);
	answer(w, 0, ID, host_ip4(2), 9, 1);
	assert_int_equal(n->udp_tx_full, 1);
	settle(w);
	assert_int_equal(w->net[0].bads, 0);
	all_gone(w);
	close_world(w);
}

static void
commands_are_about_what_is_ones_own(void **state)
{
	struct world *w = open_world(true, true);
	const struct door_count *n = &w->door.count;

	(void)state;
	bind_at(w, 0, ID, PORT);
	answer(w, 1, ID, host_ip4(2), 9, 1);
	answer(w, 0, ID + 1, host_ip4(2), 9, 1);
	answer(w, 0, 0xffff, host_ip4(2), 9, 1);
	assert_int_equal(n->bad_listen, 3);
	say(w, 1,
		(struct msg){MSG_LISTEN, MSGF_UDP, LIMIT_LISTENERS, 0,
			msg_endpoint(0, 9)});
	assert_int_equal(n->bad_listen, 4);
	done(w, 0, 1);
	throw(w, host_ip4(1), 99, PORT, "x", 1);
	expect(w, 0, MSG_UDP_DATA);
	done(w, 0, 2);
	done(w, 1, 1);
	done(w, 0, 1ull << 32);
	assert_int_equal(n->bad_count, 4);
	done(w, 0, 1);
	assert_int_equal(w->net[0].bads, 5);
	assert_int_equal(w->net[1].bads, 3);
	/* A listener for connections has nothing to do with it. */
	listen_at(w, 0, 3, PORT);
	answer(w, 0, 3, host_ip4(2), 9, 1);
	assert_int_equal(n->bad_listen, 5);
	assert_int_equal(n->udp_sent, 0);
	silence(w);
	all_gone(w);
	close_world(w);
}

static void
ports_are_shared_out(void **state)
{
	struct world *w = open_world(true, false);
	unsigned grams;

	(void)state;
	bind_at(w, 0, ID, PORT);
	bind_in_vain(w, 1, ID, PORT, MSG_WHY_IN_USE);
	bind_in_vain(w, 0, ID, PORT + 1, MSG_WHY_IN_USE); /* the name */
	for (uint16_t i = 0; i < DOOR_LISTENERS / 2 - 1; i++)
		bind_at(w, 0, (uint16_t)(10 + i), (uint16_t)(100 + i));
	bind_in_vain(w, 0, 9, 9, MSG_WHY_NO_MEMORY);
	assert_int_equal(w->door.app[0].over.listens, 1);
	for (uint16_t i = 0; i < DOOR_LISTENERS / 2; i++)
		bind_at(w, 1, i, (uint16_t)(200 + i));
	/* It dies: its ports are free, what it held comes back. */
	throw(w, host_ip4(1), 99, PORT, "x", 1);
	expect(w, 0, MSG_UDP_DATA);
	answer(w, 0, ID, host_ip4(2), 9, 1);
	door_app_down(&w->door, 0);
	assert_int_equal(w->door.udp_news, 0);
	settle(w);
	assert_int_equal(buffers_used(w), 0);
	leave(w, 0);
	grams = (unsigned)stack_counters(w->server)->drop_no_port;
	throw(w, host_ip4(1), 99, PORT, "x", 1);
	assert_int_equal(stack_counters(w->server)->drop_no_port, grams + 1);
	join(w, 0, 10);
	bind_at(w, 0, ID, PORT);
	throw(w, host_ip4(1), 99, PORT, "x", 1);
	expect(w, 0, MSG_UDP_DATA);
	done(w, 0, 1);
	all_gone(w);
	close_world(w);
}

/* Cores of one program share a port: all of a peer's goes to one of them. */
static void
a_peer_has_one_core(void **state)
{
	struct world *w = open_world(true, true);
	unsigned got[2] = {0};

	(void)state;
	bind_at(w, 0, ID, PORT);
	bind_at(w, 1, ID + 1, PORT);
	for (uint16_t from = 1; from <= 64; from++) {
		const struct ev *ev;
		unsigned app;

		throw(w, host_ip4(1), from, PORT, "x", 1);
		ev = next(w);
		app = ev->app;
		assert_int_equal(ev->m->arg, ID + app);
		got[app]++;
		throw(w, host_ip4(1), from, PORT, "x", 1);
		assert_int_equal(next(w)->app, app);
		done(w, app, 2);
	}
	assert_true(got[0] > 16 && got[1] > 16);
	say(w, 0, (struct msg){MSG_UNLISTEN, 0, ID, 0, 0});
	expect(w, 0, MSG_LISTEN_CLOSED);
	for (uint16_t from = 1; from <= 8; from++) {
		throw(w, host_ip4(1), from, PORT, "x", 1);
		expect(w, 1, MSG_UDP_DATA);
	}
	done(w, 1, 8);
	all_gone(w);
	close_world(w);
}

/* Who takes nothing loses datagrams, and connections lose nothing by them. */
static void
what_cannot_be_told_is_dropped(void **state)
{
	struct world *w = open_world(true, true);
	const struct door_count *n = &w->door.count;
	unsigned got = 0;

	(void)state;
	bind_at(w, 0, ID, PORT);
	w->edge[0].busy = true;
	for (unsigned i = 0; i < 5; i++)
		throw(w, host_ip4(1), 99, PORT, "x", 1);
	assert_int_equal(n->udp_no_room, 4);
	assert_true(w->net[0].parked <= LIMIT_RUN);
	w->edge[0].busy = false;
	edge_serve(&w->edge[0], LIMIT_PARK);
	expect(w, 0, MSG_UDP_DATA);
	done(w, 0, 1);
	silence(w);
	/* It reads and gives nothing back. */
	while (!n->udp_held) {
		throw(w, host_ip4(1), 99, PORT, "x", 1);
		got++;
	}
	assert_true(got > BUFFERS / 2 && got < BUFFERS);
	assert_int_equal(buffers_used(w), got - 1);
	throw(w, host_ip4(1), 0, PORT, "x", 1);
	assert_int_equal(n->udp_no_answer, 1);
	done(w, 0, got - 1);
	assert_int_equal(w->net[0].bads, 0);
	all_gone(w);
	close_world(w);
}

static void
each_of_several_reads_its_own(void **state)
{
	struct world *w = open_copies(true, false, OWN);
	const struct door_count *n = &w->door.count;

	(void)state;
	bind_at(w, 0, ID, PORT);
	bind_at(w, 1, ID, PORT + 1);
	throw(w, host_ip4(1), 99, PORT, "ours", 4);
	assert_memory_equal(
		text_of(&w->copy[0], expect(w, 0, MSG_UDP_DATA)), "ours", 4);
	throw(w, host_ip4(1), 99, PORT + 1, "theirs", 6);
	assert_memory_equal(
		text_of(&w->copy[1], expect(w, 1, MSG_UDP_DATA)), "theirs", 6);
	assert_null(memmem(w->copy[0].base, w->copy[0].bytes, "theirs", 6));
	assert_null(memmem(w->copy[1].base, w->copy[1].bytes, "ours", 4));
	assert_int_equal(buffers_used(w), 0);
	assert_int_equal(n->copied_bytes, 10);
	done(w, 1, 1);
	assert_int_equal(w->door.copies->pool[1].free, OWN);
	answer(w, 1, ID, host_ip4(2), 99, 1);
	settle(w);
	assert_int_equal(n->udp_sent, 1);
	assert_int_equal(buffers_used(w), 0);
	for (unsigned i = 0; i < OWN; i++)
		throw(w, host_ip4(1), 99, PORT, "more", 4);
	assert_int_equal(w->door.copies->pool[0].free, OWN / 4);
	assert_int_equal(n->udp_held, 1 + OWN / 4);
	assert_int_equal(buffers_used(w), 0);
	door_app_down(&w->door, 0);
	assert_int_equal(w->door.app[0].held, 0);
	assert_int_equal(w->door.app[0].copied, 0);
	all_gone(w);
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_and_its_answer),
		cmocka_unit_test(empty_ones_are_datagrams),
		cmocka_unit_test(what_was_sent_is_told_in_sum),
		cmocka_unit_test(what_cannot_go_is_counted),
		cmocka_unit_test(commands_are_about_what_is_ones_own),
		cmocka_unit_test(ports_are_shared_out),
		cmocka_unit_test(a_peer_has_one_core),
		cmocka_unit_test(what_cannot_be_told_is_dropped),
		cmocka_unit_test(each_of_several_reads_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
