/* door_test - an application core, the door and its stack in one thread, and a
 * peer behind a wire that loses nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "netcore/door/door.h"
#include "netcore/stack/engine/test/host.h"

#define BUFFERS 64
#define ROOM	2048
#define EVENTS	256

struct world {
	struct edge edge[2], net[2]; /* of two application cores */
	struct door door;
	struct stack *server, *client;
	struct part rx, app;
	bool used[BUFFERS];
	uint64_t now;
	struct ev {
		struct msg m[LIMIT_RUN];
		unsigned n, app;
	} ev[EVENTS];
	unsigned evs, seen;
	stack_conn peer; /* the client's end, that was made last */
	uint32_t peer_got, peer_acked;
	bool peer_eof, peer_closed;
	enum stack_why peer_why;
	char peer_data[4096];
};

/* --- the application cores ------------------------------------------------*/

static void
command(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct world *w = arg;

	assert_int_equal(msg_check(m, n, MSG_COMMAND, w->app.bytes), (int)n);
	door_command(&w->door, e == &w->net[1], m);
}

static void
event(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct world *w = arg;
	struct ev *ev = &w->ev[w->evs++ % EVENTS];

	assert_int_equal(msg_check(m, n, MSG_EVENT, w->rx.bytes), (int)n);
	ev->n = n;
	ev->app = e == &w->edge[1];
	memcpy(ev->m, m, n * sizeof(*m));
}

static void
say(struct world *w, unsigned app, struct msg m)
{
	assert_true(edge_send(&w->edge[app], &m, 1));
}

static const struct ev *
next(struct world *w)
{
	assert_true(w->seen < w->evs);
	return &w->ev[w->seen++ % EVENTS];
}

static const struct msg *
expect(struct world *w, unsigned app, unsigned type)
{
	const struct ev *ev = next(w);

	assert_string_equal(msg_name(ev->m[0].type), msg_name(type));
	assert_int_equal(ev->app, app);
	return ev->m;
}

static void
silence(struct world *w)
{
	assert_int_equal(w->seen, w->evs);
}

/* --- the peer -------------------------------------------------------------*/

static void
peer_connected(void *arg, stack_conn c, uint64_t user)
{
	(void)user;
	((struct world *)arg)->peer = c;
}

static void
peer_accepted(void *arg, stack_conn c, uint64_t user)
{
	(void)user;
	((struct world *)arg)->peer = c;
}

static void
peer_data(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr,
	uint32_t len, void *buf)
{
	struct world *w = arg;

	(void)user;
	assert_true(w->peer_got + len <= sizeof(w->peer_data));
	memcpy(w->peer_data + w->peer_got, ptr, len);
	w->peer_got += len;
	free(buf);
	stack_recv_done(w->client, c, len);
}

static void
peer_acked(void *arg, stack_conn c, uint64_t user, uint32_t bytes)
{
	(void)c, (void)user;
	((struct world *)arg)->peer_acked += bytes;
}

static void
peer_eof(void *arg, stack_conn c, uint64_t user)
{
	(void)c, (void)user;
	((struct world *)arg)->peer_eof = true;
}

static void
peer_closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	struct world *w = arg;

	(void)c, (void)user;
	w->peer_closed = true;
	w->peer_why = why;
}

static void
peer_release(void *arg, void *buf)
{
	(void)arg;
	free(buf);
}

/* --- the wire -------------------------------------------------------------*/

static void
give_back(void *arg, void *buf)
{
	struct world *w = arg;
	size_t i = (size_t)((uint8_t *)buf - w->rx.base) / ROOM;

	assert_true(w->used[i]);
	w->used[i] = false;
}

static unsigned
buffers_used(const struct world *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < BUFFERS; i++)
		n += w->used[i];
	return n;
}

static void
to_server(struct world *w, const uint8_t *bytes, uint32_t len)
{
	struct stack_rx_frame f = {.len = len};
	unsigned i = 0;

	while (i < BUFFERS && w->used[i])
		i++;
	if (i == BUFFERS)
		return; /* lost */
	w->used[i] = true;
	f.data = f.buf = memcpy(w->rx.base + i * ROOM, bytes, len);
	stack_rx(w->server, &f, 1, w->now);
	if (!f.kept)
		give_back(w, f.buf);
}

static bool
carry(struct world *w, struct stack *from)
{
	uint8_t headers[STACK_HEADERS], bytes[ROOM];
	struct stack_tx_frame f = {.headers = headers};
	uint32_t len;

	if (!stack_tx(from, &f, 1, w->now))
		return false;
	len = host_frame(&f, bytes, sizeof(bytes));
	if (f.buf)
		from == w->server ? give_back(w, f.buf) : free(f.buf);
	if (from == w->client)
		to_server(w, bytes, len);
	else
		host_rx(w->client, bytes, len, w->now);
	return true;
}

static void
settle(struct world *w)
{
	bool more;

	do {
		more = carry(w, w->client);
		more |= carry(w, w->server);
	} while (more);
}

static void
wait_ms(struct world *w, unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		w->now += 1000000;
		stack_timers(w->client, w->now);
		stack_timers(w->server, w->now);
		door_turn(&w->door);
		settle(w);
	}
}

/* --- all of it ------------------------------------------------------------*/

static struct stack *
make(struct world *w, const struct stack_ops *ops, void *arg, uint8_t host)
{
	struct stack_config c = {
		.conns = 16,
		.half_open = 16,
		.listeners = 8,
		.send_refs = 512,
		.segs = 512,
		.ooo = 16,
		.rcv_window = 65536,
		.mtu = 1500,
		.ip4 = host_ip4(host),
		.ip4_bits = 24,
		.ip6 = host_ip6(host),
		.ip6_bits = 64,
		.time_wait_ms = 10,
	};

	host_mac(c.mac, host);
	return host_new(&c, ops, arg, w->now);
}

static void
join(struct world *w, unsigned app, unsigned domain)
{
	struct edge_config up = {.in = MSG_EVENT, .handler = event, .arg = w};
	struct edge_config down = {
		.in = MSG_COMMAND, .handler = command, .arg = w};

	assert_int_equal(edge_init_direct(&w->edge[app], &up), 0);
	assert_int_equal(edge_init_direct(&w->net[app], &down), 0);
	edge_join_direct(&w->edge[app], &w->net[app]);
	door_app_up(&w->door, app, &w->net[app], &w->app, domain);
}

static void
leave(struct world *w, unsigned app)
{
	edge_fini(&w->edge[app]);
	edge_fini(&w->net[app]);
}

static struct world *
open_world(bool port, bool one_domain)
{
	static const struct stack_ops none;
	static struct stack_ops peer;
	struct world *w = calloc(1, sizeof(*w));
	struct door_config c = {.conns = 16,
		.rx_buffers = BUFFERS,
		.apps = 2,
		.rx = &w->rx,
		.release = give_back,
		.arg = w};

	(void)none;
	w->now = 1000000000;
	w->rx = (struct part){.bytes = BUFFERS * ROOM};
	w->rx.base = calloc(BUFFERS, ROOM);
	w->app = (struct part){.bytes = 65536};
	w->app.base = calloc(1, w->app.bytes);
	assert_int_equal(door_init(&w->door, &c), 0);
	if (port)
		w->server = make(w, &door_ops, &w->door, 1);
	w->door.stack = w->server;
	peer = host_ops((struct stack_ops){
		.connected = peer_connected,
		.accepted = peer_accepted,
		.data = peer_data,
		.acked = peer_acked,
		.remote_closed = peer_eof,
		.closed = peer_closed,
		.release = peer_release,
	});
	w->client = make(w, &peer, w, 2);
	join(w, 0, 10);
	join(w, 1, one_domain ? 10 : 11);
	return w;
}

static void
close_world(struct world *w)
{
	leave(w, 0);
	leave(w, 1);
	door_fini(&w->door);
	if (w->server)
		host_free(w->server);
	host_free(w->client);
	free(w->rx.base);
	free(w->app.base);
	free(w);
}

/* Nothing is left of any connection. */
static void
all_gone(struct world *w)
{
	wait_ms(w, 100);
	assert_int_equal(idpool_taken(&w->door.ids), 0);
	assert_int_equal(buffers_used(w), 0);
	assert_int_equal(w->door.rx.used, 0);
	assert_int_equal(stack_taken(w->server), 0);
	assert_int_equal(w->door.app[0].held, 0);
	assert_int_equal(w->door.app[0].conns, 0);
	assert_null(stack_check(w->server));
}

static void
listen_at(struct world *w, unsigned app, uint16_t id, uint16_t port)
{
	say(w, app, (struct msg){MSG_LISTEN, 0, id, 0, msg_endpoint(0, port)});
	assert_int_equal(expect(w, app, MSG_LISTENING)->arg, id);
}

static uint32_t
connect_to(struct world *w, unsigned app, uint16_t port)
{
	stack_conn c;
	const struct msg *m;

	w->peer_got = w->peer_acked = 0;
	w->peer_eof = w->peer_closed = false;
	assert_int_equal(
		stack_connect(w->client, host_ip4(1), port, 0, 0, &c), 0);
	settle(w);
	m = expect(w, app, MSG_NEW_CONN);
	assert_int_equal(msg_ip4(m), (uint32_t)host_ip4(2).lo);
	say(w, app, (struct msg){MSG_ACCEPT, 0, m->arg, m->conn, 0});
	return m->conn;
}

/* --- the tests ------------------------------------------------------------*/

static void
a_ping_is_answered(void **state)
{
	struct world *w = open_world(true, true);
	const struct msg *m;

	(void)state;
	say(w, 0, (struct msg){MSG_PING, 0, 1, 2, 3});
	m = expect(w, 0, MSG_PONG);
	assert_int_equal(m->conn, 2);
	assert_int_equal(m->ref, 3);
	assert_int_equal(w->door.count.pings, 1);
	close_world(w);
}

static void
without_a_port_it_says_so(void **state)
{
	struct world *w = open_world(false, true);
	const struct msg *m;

	(void)state;
	say(w, 0, (struct msg){MSG_LISTEN, 0, 7, 0, msg_endpoint(0, 80)});
	m = expect(w, 0, MSG_LISTEN_CLOSED);
	assert_int_equal(m->arg, 7);
	assert_int_equal(m->ref, MSG_WHY_NO_PORT);
	say(w, 0, (struct msg){MSG_CONNECT, 0, 0, 99, msg_endpoint(1, 80)});
	m = expect(w, 0, MSG_CONNECT_FAILED);
	assert_int_equal(m->ref, 99);
	assert_int_equal(w->door.count.no_port, 2);
	close_world(w);
}

static void
a_request_and_its_answer(void **state)
{
	struct world *w = open_world(true, true);
	uint32_t id;
	const struct msg *m;

	(void)state;
	listen_at(w, 0, 5, 80);
	id = connect_to(w, 0, 80);
	assert_int_equal(stack_send(w->client, w->peer, "hello", 5), 0);
	settle(w);
	m = expect(w, 0, MSG_NEW_DATA);
	assert_int_equal(m->conn, id);
	assert_int_equal(msg_len(m), 5);
	assert_memory_equal(w->rx.base + msg_offset(m), "hello", 5);
	memcpy(w->app.base + 100, "worldly", 7);
	say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(100, 5)});
	say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, id, 5});
	assert_int_equal(buffers_used(w), 0);
	settle(w);
	assert_int_equal(w->peer_got, 5);
	assert_memory_equal(w->peer_data, "world", 5);
	wait_ms(w, 50);
	assert_int_equal(expect(w, 0, MSG_DATA_ACKED)->ref, 5);
	stack_close(w->client, w->peer, false);
	settle(w);
	assert_int_equal(expect(w, 0, MSG_REMOTE_CLOSED)->conn, id);
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	settle(w);
	m = expect(w, 0, MSG_CLEANUP);
	assert_int_equal(m->conn, id);
	assert_int_equal(m->arg, MSG_WHY_CLOSED);
	all_gone(w);
	silence(w);
	close_world(w);
}

/* The peer ends it: the application answers CLEANUP by CLOSE, and what it holds
 * is its own until then. */
static void
a_reset_leaves_the_data_until_close(void **state)
{
	struct world *w = open_world(true, true);
	uint32_t id;

	(void)state;
	listen_at(w, 0, 5, 80);
	id = connect_to(w, 0, 80);
	stack_send(w->client, w->peer, "hello", 5);
	settle(w);
	stack_close(w->client, w->peer, true);
	settle(w);
	expect(w, 0, MSG_NEW_DATA);
	assert_int_equal(expect(w, 0, MSG_CLEANUP)->arg, MSG_WHY_RESET);
	assert_int_equal(buffers_used(w), 1);
	say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(0, 5)});
	assert_int_equal(w->door.count.late, 1);
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	all_gone(w);
	assert_int_equal(w->net[0].bads, 0);
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	assert_int_equal(w->door.count.no_conn, 1);
	assert_int_equal(w->net[0].bads, 1);
	close_world(w);
}

/* What is acknowledged is told when the device has let go of it, and not
 * before; the end, too. */
static void
the_device_lets_go_first(void **state)
{
	struct world *w = open_world(true, true);
	uint32_t id;

	(void)state;
	listen_at(w, 0, 5, 80);
	id = connect_to(w, 0, 80);
	w->door.tx_sent = 3;
	say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(0, 500)});
	settle(w);
	wait_ms(w, 50);
	silence(w);
	assert_true(w->door.count.tx_waits > 0);
	w->door.tx_sent = 5; /* others send, which must not delay it */
	w->door.tx_done = 3;
	assert_true(door_turn(&w->door) || true);
	assert_int_equal(expect(w, 0, MSG_DATA_ACKED)->ref, 500);
	say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(0, 100)});
	settle(w);
	wait_ms(w, 50);
	stack_close(w->client, w->peer, true);
	settle(w);
	wait_ms(w, 1);
	silence(w);
	w->door.tx_done = 5;
	door_turn(&w->door);
	assert_int_equal(expect(w, 0, MSG_DATA_ACKED)->ref, 100);
	expect(w, 0, MSG_CLEANUP);
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	all_gone(w);
	close_world(w);
}

static void
connecting(void **state)
{
	struct world *w = open_world(true, true);
	const struct msg *m;
	uint32_t id;

	(void)state;
	assert_int_equal(
		stack_listen(w->client, (struct ip_addr){0, 0}, 9, 0), 0);
	say(w, 1,
		(struct msg){MSG_CONNECT, 0, 0, 77,
			msg_endpoint((uint32_t)host_ip4(2).lo, 9)});
	settle(w);
	m = expect(w, 1, MSG_CONNECTED);
	assert_int_equal(m->ref, 77);
	id = m->conn;
	say(w, 1, (struct msg){MSG_SEND, MSGF_FIN, 0, id, msg_data(0, 10)});
	settle(w);
	assert_int_equal(w->peer_got, 10);
	assert_true(w->peer_eof);
	stack_close(w->client, w->peer, false);
	wait_ms(w, 50);
	assert_int_equal(expect(w, 1, MSG_DATA_ACKED)->ref, 10);
	expect(w, 1, MSG_REMOTE_CLOSED);
	expect(w, 1, MSG_CLEANUP);
	say(w, 1, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	/* Where nobody listens. */
	say(w, 1,
		(struct msg){MSG_CONNECT, 0, 0, 78,
			msg_endpoint((uint32_t)host_ip4(2).lo, 10)});
	settle(w);
	m = expect(w, 1, MSG_CONNECT_FAILED);
	assert_int_equal(m->ref, 78);
	assert_int_equal(m->arg, MSG_WHY_REFUSED);
	all_gone(w);
	close_world(w);
}

/* Two cores of one domain share a listener; another domain may not have it. */
static void
listeners_are_shared_within_a_domain(void **state)
{
	struct world *w = open_world(true, true);

	(void)state;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 2, 80);
	connect_to(w, 1, 80);
	connect_to(w, 0, 80);
	say(w, 0, (struct msg){MSG_LISTEN, 0, 1, 0, msg_endpoint(0, 81)});
	assert_int_equal(expect(w, 0, MSG_LISTEN_CLOSED)->ref, MSG_WHY_IN_USE);
	say(w, 0, (struct msg){MSG_UNLISTEN, 0, 1, 0, 0});
	expect(w, 0, MSG_LISTEN_CLOSED);
	connect_to(w, 1, 80);
	connect_to(w, 1, 80);
	close_world(w);

	w = open_world(true, false);
	listen_at(w, 0, 1, 80);
	say(w, 1, (struct msg){MSG_LISTEN, 0, 1, 0, msg_endpoint(0, 80)});
	assert_int_equal(expect(w, 1, MSG_LISTEN_CLOSED)->ref, MSG_WHY_IN_USE);
	close_world(w);
}

/* An application goes: its connections are reset, its listeners are no more,
 * another one does not notice. */
static void
an_app_goes(void **state)
{
	struct world *w = open_world(true, false);
	uint32_t id;
	stack_conn theirs;

	(void)state;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	id = connect_to(w, 1, 81);
	theirs = w->peer;
	connect_to(w, 0, 80);
	stack_send(w->client, w->peer, "hello", 5);
	settle(w);
	expect(w, 0, MSG_NEW_DATA);
	assert_int_equal(buffers_used(w), 1);
	door_app_down(&w->door, 0);
	leave(w, 0);
	settle(w);
	assert_true(w->peer_closed);
	assert_int_equal(w->peer_why, STACK_RESET);
	assert_int_equal(buffers_used(w), 0);
	assert_int_equal(idpool_taken(&w->door.ids), 1);
	silence(w);
	stack_send(w->client, theirs, "still", 5);
	settle(w);
	assert_int_equal(expect(w, 1, MSG_NEW_DATA)->conn, id);
	/* And comes back. */
	join(w, 0, 10);
	listen_at(w, 0, 1, 80);
	connect_to(w, 0, 80);
	assert_int_equal(w->door.app[0].conns, 1);
	close_world(w);
}

/* An application that does not give buffers back is cut off when it has its
 * share, and no other is. */
static void
who_sits_on_buffers(void **state)
{
	struct world *w = open_world(true, false);
	uint32_t id, other;
	stack_conn theirs, ours;
	unsigned got = 0;

	(void)state;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	other = connect_to(w, 1, 81);
	theirs = w->peer;
	id = connect_to(w, 0, 80);
	ours = w->peer;
	for (unsigned i = 0; i < 2 * BUFFERS; i++) {
		stack_send(w->client, ours, "x", 1);
		settle(w);
	}
	assert_int_equal(w->door.app[0].held, BUFFERS / 4 * 3 + 1);
	assert_int_equal(w->door.count.held, 1);
	while (w->seen < w->evs)
		got += next(w)->m[0].type == MSG_NEW_DATA;
	stack_send(w->client, theirs, "y", 1);
	settle(w);
	assert_int_equal(expect(w, 1, MSG_NEW_DATA)->conn, other);
	say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, id, got});
	for (unsigned i = 0; i < 2; i++) {
		uint32_t more = 0;

		wait_ms(w, 2000);
		while (w->seen < w->evs)
			more += msg_len(expect(w, 0, MSG_NEW_DATA));
		say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, id, more});
		got += more;
	}
	assert_int_equal(got, 2 * BUFFERS);
	close_world(w);
}

/* Wrong commands are refused, counted by reason, and cost the channel. */
static void
wrong_commands_cost_the_channel(void **state)
{
	static const struct msg of_conn[] = {
		{MSG_ACCEPT, 0, 1, 5, 0},
		{MSG_RECV_DONE, 0, 0, 5, 1},
		{MSG_SEND, 0, 0, 5, 1ull << 40},
		{MSG_SHUTDOWN, 0, MSG_SHUT_WR, 5, 0},
		{MSG_CLOSE, 0, 0, 5, 0},
		{MSG_SET_OPTION, 0, MSG_OPT_NAGLE, 5, 1},
	};
	struct world *w = open_world(true, false);
	unsigned n = sizeof(of_conn) / sizeof(*of_conn);
	uint32_t id;

	(void)state;
	listen_at(w, 0, 1, 80);
	id = connect_to(w, 0, 80);
	say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, id, 1});
	assert_int_equal(w->door.count.bad_count, 1);
	say(w, 0, (struct msg){MSG_UNLISTEN, 0, 9, 0, 0});
	assert_int_equal(w->door.count.bad_listen, 1);
	assert_int_equal(w->net[0].bads, 2);
	say(w, 1, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	assert_int_equal(w->door.count.not_yours, 1);
	for (unsigned i = 1; i < LIMIT_BAD; i++) {
		assert_int_equal(w->net[1].down, EDGE_UP);
		say(w, 1, of_conn[i % n]);
	}
	assert_int_equal(w->door.count.no_conn, LIMIT_BAD - 1);
	assert_int_equal(w->net[1].down, EDGE_BAD_MESSAGES);
	silence(w);
	close_world(w);
}

static void
ipv6_peers_have_their_address(void **state)
{
	struct world *w = open_world(true, true);
	stack_conn c;
	const struct ev *ev;
	uint8_t is[16], want[16];

	(void)state;
	listen_at(w, 0, 1, 80);
	assert_int_equal(
		stack_connect(w->client, host_ip6(1), 80, 0, 0, &c), 0);
	wait_ms(w, 2000);
	ev = next(w);
	assert_int_equal(ev->m[0].type, MSG_NEW_CONN);
	assert_int_equal(ev->n, 3);
	msg_get_addr6(ev->m + 1, is);
	ip_addr_put(host_ip6(2), want);
	assert_memory_equal(is, want, 16);
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ping_is_answered),
		cmocka_unit_test(without_a_port_it_says_so),
		cmocka_unit_test(a_request_and_its_answer),
		cmocka_unit_test(a_reset_leaves_the_data_until_close),
		cmocka_unit_test(the_device_lets_go_first),
		cmocka_unit_test(connecting),
		cmocka_unit_test(listeners_are_shared_within_a_domain),
		cmocka_unit_test(an_app_goes),
		cmocka_unit_test(who_sits_on_buffers),
		cmocka_unit_test(wrong_commands_cost_the_channel),
		cmocka_unit_test(ipv6_peers_have_their_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
