/* udp_test - ports for datagrams: they begin and end at all network cores, what
 * was read is given back, and what was sent comes back in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "appcore/test/core_world.h"

#define PORT 5300

static struct seen {
	unsigned opened, grams, closed, sents;
	uint32_t sent; /* the sum */
	char text[16];
	struct dl_addr from;
	uint16_t port;
	enum dl_why why;
	bool close; /* in datagram() */
} seen;

static void
datagram(struct dl_udp *u, const void *ptr, size_t len,
	const struct dl_addr *from, uint16_t port)
{
	struct world *w = dl_user(dl_udp_core(u));

	assert_ptr_equal(dl_udp_user(u), &seen);
	assert_int_equal(w->said[MSG_UDP_DONE], 0); /* it is being read */
	assert_true(len < sizeof(seen.text));
	memcpy(seen.text, ptr, len);
	seen.text[len] = '\0';
	seen.from = *from;
	seen.port = port;
	seen.grams++;
	if (seen.close)
		dl_udp_close(u);
}

static void
opened(struct dl_udp *u)
{
	(void)u;
	seen.opened++;
}

static void
sent(struct dl_udp *u, unsigned n)
{
	(void)u;
	seen.sents++;
	seen.sent += n;
}

static void
closed(struct dl_udp *u, enum dl_why why)
{
	assert_int_equal(dl_udp_send(u, &seen.from, 9, NULL, 0), -EPIPE);
	dl_udp_close(u);
	seen.closed++;
	seen.why = why;
}

static const struct dl_udp_handler all = {
	.datagram = datagram,
	.opened = opened,
	.sent = sent,
	.closed = closed,
};

static void
answer(struct world *w, unsigned net, unsigned id, enum msg_type type,
	uint64_t ref)
{
	struct msg m = {(uint8_t)type, 0, (uint16_t)id, 0, ref};

	world_event(w, net, &m, 1);
}

/* At all network cores. */
static struct dl_udp *
open_port(struct world *w, unsigned id)
{
	struct dl_udp *u;

	seen = (struct seen){0};
	assert_int_equal(dl_udp_open(&w->dl, NULL, PORT, &all, &seen, &u), 0);
	assert_int_equal(w->last->type, MSG_LISTEN);
	assert_int_equal(w->last->flags, MSGF_UDP);
	assert_int_equal(w->last->arg, id);
	for (unsigned i = 0; i < WORLD_NETS; i++)
		answer(w, i, id, MSG_LISTENING, 0);
	assert_int_equal(seen.opened, 0); /* not within another call */
	udp_turn(&w->dl);
	assert_int_equal(seen.opened, 1);
	return u;
}

static int
send_one(struct world *w, struct dl_udp *u)
{
	struct dl_piece p = {w->domain.part[PART_APP].base, 3};
	struct dl_addr to;

	assert_int_equal(dl_addr_parse(&to, "192.0.2.9"), 0);
	return dl_udp_send(u, &to, 9, &p, 1);
}

static void
from(struct world *w, unsigned net, unsigned id, const char *text)
{
	struct msg m[2] = {{MSG_UDP_DATA, *text ? MSGF_MORE : 0, (uint16_t)id,
				   0, msg_endpoint(0xc0000207, 77)},
		{MSG_PIECE, 0, 0, 0, msg_data(10, (uint32_t)strlen(text))}};

	memcpy(w->rx + 10, text, strlen(text));
	world_event(w, net, m, *text ? 2 : 1);
}

static void
what_comes_is_read_and_given_back(void **state)
{
	struct world *w = world_open();
	char text[DL_ADDR_TEXT];
	uint8_t six[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
	struct msg m[4] = {
		{MSG_UDP_DATA, MSGF_V6 | MSGF_MORE, 0, 0, msg_endpoint(0, 5)}};

	(void)state;
	open_port(w, 0);
	from(w, 0, 0, "hello");
	assert_string_equal(seen.text, "hello");
	assert_string_equal(dl_addr_text(&seen.from, text), "192.0.2.7");
	assert_int_equal(seen.port, 77);
	from(w, 0, 0, "");
	assert_int_equal(seen.grams, 2);
	assert_string_equal(seen.text, "");
	msg_put_addr6(m + 1, six);
	m[2].flags |= MSGF_MORE;
	m[3] = (struct msg){MSG_PIECE, 0, 0, 0, msg_data(0, 2)};
	memcpy(w->rx, "v6", 2);
	world_event(w, 1, m, 4);
	assert_string_equal(seen.text, "v6");
	assert_string_equal(dl_addr_text(&seen.from, text), "2001:db8::1");
	/* Later, if there is no room; once, and each to his own. */
	w->edge[0].edge.parked = LIMIT_PARK;
	udp_turn(&w->dl);
	assert_int_equal(w->said[MSG_UDP_DONE], 1);
	assert_int_equal(w->last->ref, 1);
	w->edge[0].edge.parked = 0;
	udp_turn(&w->dl);
	assert_int_equal(w->said[MSG_UDP_DONE], 2);
	assert_int_equal(w->last->ref, 2);
	udp_turn(&w->dl);
	assert_int_equal(w->said[MSG_UDP_DONE], 2);
	world_close(w);
}

static void
what_was_sent_comes_back_in_order(void **state)
{
	struct world *w = world_open();
	struct dl_udp *u = open_port(w, 0);

	(void)state;
	assert_int_equal(send_one(w, u), 0); /* 0: nobody was heard of */
	from(w, 1, 0, "x");
	assert_int_equal(send_one(w, u), 0);
	assert_int_equal(send_one(w, u), 0);
	from(w, 0, 0, "x");
	assert_int_equal(send_one(w, u), 0);
	assert_int_equal(w->last[1].type, MSG_PIECE);
	assert_int_equal(w->last[1].ref, msg_data(0, 3));
	answer(w, 1, 0, MSG_UDP_SENT, 2);
	udp_turn(&w->dl);
	assert_int_equal(seen.sents, 0);
	answer(w, 0, 0, MSG_UDP_SENT, 1);
	udp_turn(&w->dl);
	assert_int_equal(seen.sents, 1);
	assert_int_equal(seen.sent, 3);
	/* One that dies has let go of all. */
	event_net_down(&w->core, &w->edge[0]);
	udp_turn(&w->dl);
	assert_int_equal(seen.sent, 4);
	assert_int_equal(seen.closed, 0);
	for (unsigned i = 0; i < LIMIT_UDP_SENDS; i++)
		assert_int_equal(send_one(w, u), 0);
	assert_int_equal(send_one(w, u), -EAGAIN);
	answer(w, 1, 0, MSG_UDP_SENT, 1);
	udp_turn(&w->dl);
	assert_int_equal(send_one(w, u), 0);
	world_close(w);
}

static void
what_cannot_be_sent_is_said(void **state)
{
	struct world *w = world_open();
	uint8_t *app = w->domain.part[PART_APP].base;
	struct dl_piece p[DL_UDP_PIECES + 1] = {
		{app, 0}, {app + WORLD_APP - 1, 1}};
	struct dl_addr to;
	struct dl_udp *u;

	(void)state;
	seen = (struct seen){0};
	assert_int_equal(dl_addr_parse(&to, "2001:db8::1"), 0);
	assert_int_equal(
		dl_udp_open(&w->dl, NULL, 0, &all, &seen, &u), -EINVAL);
	assert_int_equal(dl_udp_open(&w->dl, NULL, 1, &all, &seen, &u), 0);
	assert_int_equal(dl_udp_send(u, &to, 9, p, 2), -ENOTCONN);
	answer(w, 1, 0, MSG_LISTENING, 0);
	assert_int_equal(dl_udp_send(u, &to, 9, p, 2), 0);
	assert_int_equal(w->heard[1], 2);
	assert_int_equal(msg_run(w->last), 4); /* the empty one is left out */
	assert_int_equal(dl_udp_send(u, &to, 9, NULL, 0), 0);
	assert_int_equal(msg_run(w->last), 3);
	assert_int_equal(dl_udp_send(u, &to, 0, p, 2), -EINVAL);
	assert_int_equal(dl_udp_send(u, &to, 9, p, DL_UDP_PIECES + 1), -EINVAL);
	p[1].len = 2;
	assert_int_equal(dl_udp_send(u, &to, 9, p, 2), -EFAULT);
	p[1].ptr = "elsewhere";
	assert_int_equal(dl_udp_send(u, &to, 9, p, 2), -EFAULT);
	p[1] = (struct dl_piece){app, 65507};
	assert_int_equal(dl_udp_send(u, &to, 9, p, 2), 0);
	p[0] = (struct dl_piece){app, 1};
	assert_int_equal(dl_udp_send(u, &to, 9, p, 2), -EMSGSIZE);
	w->edge[1].edge.parked = LIMIT_PARK;
	assert_int_equal(dl_udp_send(u, &to, 9, p, 1), -EAGAIN);
	world_close(w);
}

/* Its number is free when nobody can speak of it any more. */
static void
it_ends_everywhere(void **state)
{
	struct world *w = world_open();
	struct dl_udp *u = open_port(w, 0);

	(void)state;
	assert_int_equal(send_one(w, u), 0);
	seen.close = true;
	from(w, 0, 0, "x");
	from(w, 0, 0, "not heard");
	assert_int_equal(seen.grams, 1);
	w->edge[1].edge.parked = LIMIT_PARK;
	udp_turn(&w->dl);
	assert_int_equal(w->said[MSG_UNLISTEN], 1);
	assert_int_equal(w->last->type, MSG_UNLISTEN);
	answer(w, 0, 0, MSG_LISTEN_CLOSED, MSG_WHY_CLOSED);
	w->edge[1].edge.parked = 0;
	udp_turn(&w->dl);
	assert_int_equal(w->said[MSG_UNLISTEN], 2);
	assert_int_equal(w->said[MSG_UDP_DONE], 1);
	assert_int_equal(seen.closed, 0);
	assert_int_equal(listen_number(&w->dl), 1);
	answer(w, 1, 0, MSG_LISTEN_CLOSED, MSG_WHY_CLOSED);
	udp_turn(&w->dl);
	assert_int_equal(seen.closed, 1);
	assert_int_equal(seen.why, DL_CLOSED);
	assert_int_equal(seen.sent, 1);
	assert_false(udp_turn(&w->dl));
	assert_int_equal(listen_number(&w->dl), 0);
	assert_int_equal(w->dl.udp_closing, 0);
	open_port(w, 0);
	world_close(w);
}

/* One network core refuses it, while another has not answered yet. */
static void
it_is_everywhere_or_nowhere(void **state)
{
	struct world *w = world_open();
	struct dl_udp *u;

	(void)state;
	seen = (struct seen){0};
	assert_int_equal(dl_udp_open(&w->dl, NULL, 1, &all, &seen, &u), 0);
	answer(w, 0, 0, MSG_LISTEN_CLOSED, MSG_WHY_IN_USE);
	udp_turn(&w->dl);
	assert_int_equal(w->said[MSG_UNLISTEN], 0); /* it might be bad */
	answer(w, 1, 0, MSG_LISTENING, 0);
	udp_turn(&w->dl);
	assert_int_equal(w->said[MSG_UNLISTEN], 1);
	answer(w, 1, 0, MSG_LISTEN_CLOSED, MSG_WHY_CLOSED);
	udp_turn(&w->dl);
	assert_int_equal(seen.opened, 0);
	assert_int_equal(seen.closed, 1);
	assert_int_equal(seen.why, DL_IN_USE);
	world_close(w);
}

static void
it_outlives_network_cores(void **state)
{
	struct world *w = world_open();
	struct dl_udp *u = open_port(w, 0);
	unsigned asked = w->said[MSG_LISTEN];

	(void)state;
	from(w, 0, 0, "x");
	for (unsigned i = 0; i < WORLD_NETS; i++)
		event_net_down(&w->core, &w->edge[i]);
	udp_turn(&w->dl);
	assert_int_equal(seen.closed, 0);
	assert_int_equal(w->said[MSG_UDP_DONE], 0); /* to nobody */
	assert_int_equal(send_one(w, u), -ENOTCONN);
	event_net_up(&w->core, &w->edge[1]);
	assert_int_equal(w->said[MSG_LISTEN], asked + 1);
	assert_int_equal(send_one(w, u), -ENOTCONN);
	answer(w, 1, 0, MSG_LISTENING, 0);
	assert_int_equal(send_one(w, u), 0);
	udp_turn(&w->dl);
	assert_int_equal(seen.opened, 1);
	/* It ends while nobody is there. */
	event_net_down(&w->core, &w->edge[1]);
	dl_udp_close(u);
	udp_turn(&w->dl);
	assert_int_equal(seen.closed, 1);
	event_net_up(&w->core, &w->edge[0]);
	assert_int_equal(w->said[MSG_LISTEN], asked + 1);
	world_close(w);
}

/* Of what is not there a network core says nothing. */
static void
events_out_of_place_end_the_edge(void **state)
{
	const struct msg wrong[] = {
		{MSG_UDP_DATA, 0, 1, 0, msg_endpoint(1, 1)},
		{MSG_UDP_DATA, 0, 1000, 0, msg_endpoint(1, 1)},
		{MSG_UDP_SENT, 0, 1, 0, 1},
		{MSG_UDP_SENT, 0, 0, 0, 1},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct world *w = world_open();

		open_port(w, 0);
		assert_true(edge_send(&w->net[0], &wrong[i], 1));
		assert_int_equal(w->edge[0].edge.down, EDGE_BAD_MESSAGES);
		assert_int_equal(seen.grams, 0);
		world_close(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_is_read_and_given_back),
		cmocka_unit_test(what_was_sent_comes_back_in_order),
		cmocka_unit_test(what_cannot_be_sent_is_said),
		cmocka_unit_test(it_ends_everywhere),
		cmocka_unit_test(it_is_everywhere_or_nowhere),
		cmocka_unit_test(it_outlives_network_cores),
		cmocka_unit_test(events_out_of_place_end_the_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
