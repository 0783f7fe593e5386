/* door_whole_test - datagrams that do not fit into a packet: those that come
 * are told of as one piece, those that go are cut. */
#include "netcore/test/door_world.h"

#define PORT 5300
#define ID   7
#define FROM 99
#define OWN  8 /* copies of a domain */
#define MOST 65507

static uint8_t
byte_at(uint32_t i)
{
	return (uint8_t)(i * 7 + i / 256 * 3);
}

static void
begin(struct world *w, unsigned app)
{
	say(w, app,
		(struct msg){MSG_LISTEN, MSGF_UDP, ID, 0,
			msg_endpoint(0, (uint16_t)(PORT + app))});
	expect(w, app, MSG_LISTENING);
	/* Both know where the other one is. */
	for (unsigned v6 = 0; v6 < 2; v6++) {
		stack_udp_send(w->client, FROM, v6 ? host_ip6(1) : host_ip4(1),
			(uint16_t)(PORT + app), "", 0, NULL);
		settle(w);
		expect(w, app, MSG_UDP_DATA);
	}
	say(w, app, (struct msg){MSG_UDP_DONE, 0, 0, 0, 2});
}

/* The client's, of so many bytes; 0 or -errno. */
static int
toss(struct world *w, bool v6, uint16_t port, uint32_t len)
{
	struct ip_addr to = v6 ? host_ip6(1) : host_ip4(1);
	uint32_t cut = stack_udp_cut(w->client, to), at = 0;
	struct stack_piece p[STACK_UDP_CUTS];
	void *buf[STACK_UDP_CUTS];
	unsigned n = 0;
	int rc;

	for (; at < len; n++) {
		uint32_t k = n ? cut : cut - STACK_UDP_HEAD;
		uint8_t *b;

		k = k < len - at ? k : len - at;
		buf[n] = b = malloc(k);
		p[n] = (struct stack_piece){b, k};
		while (k--)
			*b++ = byte_at(at++);
	}
	rc = stack_udp_send_cut(w->client, FROM, to, port, p, buf, n);
	while (rc && n--)
		free(buf[n]);
	settle(w);
	return rc;
}

/* That app was told of one, and how long it is. */
static const uint8_t *
told(struct world *w, unsigned app, uint32_t len)
{
	const struct msg *m = expect(w, app, MSG_UDP_DATA);
	const struct part *p = w->copy[app].base ? &w->copy[app] : &w->rx;

	m += msg_pieces_at(m);
	assert_int_equal(m->type, MSG_PIECE);
	assert_int_equal(m->flags, 0);
	assert_int_equal(msg_len(m), len);
	assert_true(msg_offset(m) + len <= p->bytes);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(p->base[msg_offset(m) + i], byte_at(i));
	return p->base + msg_offset(m);
}

static void
done(struct world *w, unsigned app, uint64_t n)
{
	say(w, app, (struct msg){MSG_UDP_DONE, 0, 0, 0, n});
}

/* In pieces of a third each, and a rest. */
static void
answer(struct world *w, bool v6, uint32_t len)
{
	struct msg m[LIMIT_RUN] = {{.type = MSG_UDP_SEND, .arg = ID}};
	uint8_t bytes[16];
	unsigned n = 1;
	uint32_t at = 0;

	m->ref = msg_endpoint(v6 ? 0 : (uint32_t)host_ip4(2).lo, FROM);
	if (v6) {
		m->flags = MSGF_V6 | MSGF_MORE;
		ip_addr_put(host_ip6(2), bytes);
		msg_put_addr6(m + 1, bytes);
		n = 3;
	}
	for (uint32_t k = len / 3; at < len; at += k) {
		k = k < len - at ? k : len - at;
		m[n - 1].flags |= MSGF_MORE;
		m[n++] =
			(struct msg){.type = MSG_PIECE, .ref = msg_data(at, k)};
	}
	say_run(w, 0, m, n);
}

static void
what_comes_in_pieces_is_told_whole(void **state)
{
	static const uint32_t sizes[] = {1473, 1481, 2960, 8192, MOST};
	struct world *w = open_world(true, true);
	const struct door_count *n = &w->door.count;
	unsigned k = 0;

	(void)state;
	begin(w, 0);
	for (unsigned i = 0; i < 2 * sizeof(sizes) / sizeof(*sizes); i++) {
		assert_int_equal(toss(w, i & 1, PORT, sizes[i / 2]), 0);
		told(w, 0, sizes[i / 2]);
		assert_int_equal(buffers_used(w), 0);
		assert_int_equal(w->door.app[0].grams, 1);
		assert_int_equal(w->door.app[0].held, 0);
		done(w, 0, 1);
		assert_int_equal(w->door.app[0].grams, 0);
		assert_int_equal(w->door.whole.free, (1u << WHOLES) - 1);
		k++;
	}
	assert_int_equal(n->udp_wholes, k);
	assert_int_equal(n->udp_received, k + 2);
	assert_int_equal(w->net[0].bads, 0);
	all_gone(w);
	close_world(w);
}

static void
what_is_too_long_for_a_packet_is_cut(void **state)
{
	static const uint32_t sizes[] = {1473, 1481, 8192, MOST};
	struct world *w = open_world(true, true);
	unsigned k = 0;

	(void)state;
	begin(w, 0);
	stack_udp_bind(w->client, (struct ip_addr){0, 0}, FROM, 0);
	for (uint32_t i = 0; i < MOST; i++)
		w->app.base[i] = byte_at(i);
	for (unsigned i = 0; i < 2 * sizeof(sizes) / sizeof(*sizes); i++) {
		answer(w, i & 1, sizes[i / 2]);
		settle(w);
		assert_int_equal(w->grams, ++k);
		assert_int_equal(w->gram.len, sizes[i / 2]);
		assert_true(w->gram.pieces > 1);
		assert_int_equal(w->gram.port, PORT);
		assert_memory_equal(w->gram_data, w->app.base, sizes[i / 2]);
		assert_int_equal(buffers_used(w), 0);
	}
	assert_int_equal(w->door.count.udp_cuts, k);
	assert_int_equal(w->door.count.udp_sent, k);
	door_turn(&w->door);
	assert_int_equal(expect(w, 0, MSG_UDP_SENT)->ref, k);
	all_gone(w);
	close_world(w);
}

static void
what_cannot_be_cut_is_counted(void **state)
{
	struct world *w = open_world(true, true);
	const struct door_count *n = &w->door.count;
	struct msg m[3] = {{MSG_UDP_SEND, MSGF_MORE, ID, 0,
				   msg_endpoint((uint32_t)host_ip4(2).lo, 9)},
		{MSG_PIECE, MSGF_MORE, 0, 0, msg_data(0, 65000)},
		{MSG_PIECE, 0, 0, 0, msg_data(0, 508)}};

	(void)state;
	begin(w, 0);
	say_run(w, 0, m, 3);
	assert_int_equal(n->udp_tx_long, 1);
	m[2].ref = msg_data(0, 65000);
	say_run(w, 0, m, 3);
	assert_int_equal(n->udp_tx_long, 2);
	assert_int_equal(buffers_used(w), 0);
	/* The first takes most of the buffers, which have not gone out yet. */
	answer(w, false, 60000);
	assert_int_equal(n->udp_cuts, 1);
	answer(w, false, 60000);
	assert_int_equal(n->udp_tx_full, 1);
	settle(w);
	assert_int_equal(buffers_used(w), 0);
	door_turn(&w->door);
	assert_int_equal(expect(w, 0, MSG_UDP_SENT)->ref, 4);
	/* From nowhere: by a smaller partition than the messages were checked
	 * by. */
	w->app.bytes = 70000;
	m[2].ref = msg_data(69999, 1);
	w->door.app[0].data =
		&(struct part){.base = w->app.base, .bytes = 65536};
	say_run(w, 0, m, 3);
	assert_int_equal(n->bad_state, 1);
	assert_int_equal(w->net[0].bads, 1);
	assert_int_equal(buffers_used(w), 0);
	all_gone(w);
	close_world(w);
}

/* Who keeps them gets no more; what comes in a packet goes on. */
static void
there_are_few_of_them(void **state)
{
	struct world *w = open_world(true, true);
	const struct door_count *n = &w->door.count;
	const uint8_t *first = NULL;

	(void)state;
	begin(w, 0);
	for (unsigned i = 0; i < WHOLES; i++) {
		const uint8_t *at;

		assert_int_equal(toss(w, false, PORT, 3000), 0);
		at = told(w, 0, 3000);
		assert_ptr_not_equal(at, first);
		first = first ? first : at;
	}
	assert_int_equal(toss(w, false, PORT, 3000), 0);
	silence(w);
	assert_int_equal(n->udp_held, 1);
	assert_int_equal(buffers_used(w), 0);
	stack_udp_send(w->client, FROM, host_ip4(1), PORT, "x", 1, NULL);
	settle(w);
	expect(w, 0, MSG_UDP_DATA);
	done(w, 0, 1);
	assert_int_equal(toss(w, false, PORT, 3000), 0);
	assert_ptr_equal(told(w, 0, 3000), first);
	/* It dies with all of them. */
	door_app_down(&w->door, 0);
	assert_int_equal(w->door.whole.free, (1u << WHOLES) - 1);
	assert_int_equal(w->door.app[0].grams, 0);
	all_gone(w);
	close_world(w);
}

static void
each_of_several_reads_its_own(void **state)
{
	struct world *w = open_copies(true, false, OWN);
	const struct door_count *n = &w->door.count;

	(void)state;
	begin(w, 0);
	begin(w, 1);
	for (unsigned i = 0; i < WHOLES; i++) {
		assert_int_equal(toss(w, i, PORT, 8192), 0);
		told(w, 0, 8192);
	}
	for (uint32_t i = 0; i < w->copy[1].bytes; i++)
		assert_int_equal(w->copy[1].base[i], 0);
	assert_int_equal(toss(w, false, PORT, 8192), 0);
	assert_int_equal(n->udp_held, 1);
	/* The other one has its own. */
	assert_int_equal(toss(w, true, PORT + 1, MOST), 0);
	told(w, 1, MOST);
	done(w, 1, 1);
	assert_int_equal(w->door.copies->pool[0].whole.free, 0);
	assert_int_equal(
		w->door.copies->pool[1].whole.free, (1u << WHOLES) - 1);
	assert_int_equal(w->door.copies->pool[0].free, OWN);
	assert_int_equal(buffers_used(w), 0);
	door_app_down(&w->door, 0);
	assert_int_equal(
		w->door.copies->pool[0].whole.free, (1u << WHOLES) - 1);
	assert_int_equal(w->door.app[0].grams, 0);
	all_gone(w);
	close_world(w);
}

/* A partition that is too small has none. */
static void
there_may_be_none(void **state)
{
	struct world *w = open_world(true, true);

	(void)state;
	assert_int_equal(whole_fit(WHOLE_SHARE * WHOLE_ROOM - 1), 0);
	assert_int_equal(whole_fit(WHOLE_SHARE * WHOLE_ROOM), 1);
	assert_int_equal(whole_fit(1ull << 40), WHOLE_MOST);
	begin(w, 0);
	whole_init(&w->door.whole, NULL, 0);
	assert_int_equal(toss(w, false, PORT, 3000), 0);
	silence(w);
	assert_int_equal(w->door.count.udp_rx_long, 1);
	all_gone(w);
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_in_pieces_is_told_whole),
		cmocka_unit_test(what_is_too_long_for_a_packet_is_cut),
		cmocka_unit_test(what_cannot_be_cut_is_counted),
		cmocka_unit_test(there_are_few_of_them),
		cmocka_unit_test(each_of_several_reads_its_own),
		cmocka_unit_test(there_may_be_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
