/* door_world.c - both sides of a door, acted. */
#include "netcore/test/door_world.h"

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

void
say(struct world *w, unsigned app, struct msg m)
{
	assert_true(edge_send(&w->edge[app], &m, 1));
}

void
say_run(struct world *w, unsigned app, const struct msg *m, unsigned n)
{
	assert_true(edge_send(&w->edge[app], m, n));
}

const struct ev *
next(struct world *w)
{
	assert_true(w->seen < w->evs);
	return &w->ev[w->seen++ % EVENTS];
}

const struct msg *
expect(struct world *w, unsigned app, unsigned type)
{
	const struct ev *ev = next(w);

	assert_string_equal(msg_name(ev->m[0].type), msg_name(type));
	assert_int_equal(ev->app, app);
	return ev->m;
}

void
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
peer_datagram(void *arg, const struct stack_datagram *g)
{
	struct world *w = arg;

	w->gram_data = realloc(w->gram_data, g->len + 1);
	w->gram = *g;
	w->gram.len = 0;
	for (unsigned i = 0; i < g->pieces; i++) {
		memcpy(w->gram_data + w->gram.len, g->piece[i].ptr,
			g->piece[i].len);
		w->gram.len += g->piece[i].len;
		free(g->buf[i]);
	}
	assert_int_equal(w->gram.len, g->len);
	w->grams++;
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

static uint8_t *
take(void *arg, void **buf, uint32_t *room)
{
	struct world *w = arg;

	for (unsigned i = 0; i < BUFFERS; i++) {
		if (w->used[i])
			continue;
		w->used[i] = true;
		*buf = w->rx.base + i * ROOM;
		*room = ROOM;
		return *buf;
	}
	return NULL;
}

unsigned
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

bool
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

void
settle(struct world *w)
{
	bool more;

	do {
		more = carry(w, w->client);
		more |= carry(w, w->server);
	} while (more);
}

void
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
		.conns = plan_stack_conns(PLACES),
		.half_open = plan_half_open(PLACES),
		.listeners = DOOR_LISTENERS,
		.udp_ports = DOOR_LISTENERS,
		.send_refs = SENDS,
		.send_quota =
			ops == &door_ops ? &w->door.share[SHARE_SENDS] : NULL,
		.segs = 512,
		.ooo = 16,
		.frags = 4,
		.frag_pieces = STACK_FRAGS,
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

void
join(struct world *w, unsigned app, unsigned domain)
{
	struct edge_config up = {.in = MSG_EVENT, .handler = event, .arg = w};
	struct edge_config down = {
		.in = MSG_COMMAND, .handler = command, .arg = w};

	assert_int_equal(edge_init_direct(&w->edge[app], &up), 0);
	assert_int_equal(edge_init_direct(&w->net[app], &down), 0);
	edge_join_direct(&w->edge[app], &w->net[app]);
	door_app_up(&w->door, app, &w->net[app], &w->app, domain,
		w->process[app] ? w->process[app] : domain);
	if (w->copy[domain - 10].base)
		door_copy_to(&w->door, app, &w->copy[domain - 10]);
}

void
leave(struct world *w, unsigned app)
{
	edge_fini(&w->edge[app]);
	edge_fini(&w->net[app]);
}

struct world *
open_world(bool port, bool one_domain)
{
	return open_copies(port, one_domain, 0);
}

struct world *
open_copies(bool port, bool one_domain, uint32_t buffers)
{
	static const struct stack_ops none;
	static struct stack_ops peer;
	struct world *w = calloc(1, sizeof(*w));
	struct door_config c = {.conns = plan_conn_numbers(PLACES),
		.stack_conns = PLACES,
		.sends = SENDS - plan_stack_conns(PLACES),
		.rx_buffers = BUFFERS,
		.apps = 2,
		.rx = &w->rx,
		.copies = buffers ? 2 : 0,
		.copy_buffers = buffers,
		.wholes = buffers ? 0 : WHOLES,
		.copy_wholes = buffers ? WHOLES : 0,
		.release = give_back,
		.take = take,
		.arg = w};

	(void)none;
	w->now = 1000000000;
	w->rx.bytes = BUFFERS * ROOM + c.wholes * WHOLE_ROOM;
	w->rx.base = calloc(1, w->rx.bytes);
	c.whole = w->rx.base + BUFFERS * ROOM;
	w->app = (struct part){.bytes = 65536};
	w->app.base = calloc(1, w->app.bytes);
	for (unsigned i = 0; i < c.copies; i++) {
		w->copy[i].bytes =
			buffers * COPY_ROOM + c.copy_wholes * WHOLE_ROOM;
		w->copy[i].base = calloc(1, w->copy[i].bytes);
	}
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
		.datagram = peer_datagram,
		.release = peer_release,
	});
	w->client = make(w, &peer, w, 2);
	join(w, 0, 10);
	join(w, 1, one_domain ? 10 : 11);
	return w;
}

void
close_world(struct world *w)
{
	leave(w, 0);
	leave(w, 1);
	door_fini(&w->door);
	if (w->server)
		host_free(w->server);
	host_free(w->client);
	free(w->rx.base);
	free(w->copy[0].base);
	free(w->copy[1].base);
	free(w->app.base);
	free(w->gram_data);
	free(w);
}

void
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

void
listen_at(struct world *w, unsigned app, uint16_t id, uint16_t port)
{
	say(w, app, (struct msg){MSG_LISTEN, 0, id, 0, msg_endpoint(0, port)});
	assert_int_equal(expect(w, app, MSG_LISTENING)->arg, id);
}

uint32_t
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
