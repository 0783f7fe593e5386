/* door_quota_test - an application that takes all it can get leaves to others
 * what is theirs. Number 0 is the greedy one, of domain 10; number 1 the modest
 * one, of domain 11. */
#include "netcore/test/door_world.h"

#define CONNS	 (PLACES / 2) /* a share */
#define ALL_SENT (SENDS - plan_stack_conns(PLACES))
#define PIECES	 (ALL_SENT / 2)

static const struct quota_member *
has(const struct world *w, enum share_of of, unsigned domain)
{
	return &w->door.share[of].member[domain];
}

/* The invariant of quota.h, for two application cores. */
static void
all_adds_up(const struct world *w)
{
	const int64_t total[] = {PLACES, DOOR_LISTENERS, ALL_SENT};

	for (int i = 0; i < SHARES; i++) {
		const struct quota *q = &w->door.share[i];
		int64_t sum = q->spare, places = 2;

		for (unsigned k = 0; k < QUOTA_MEMBERS; k++) {
			const struct quota_member *m = &q->member[k];

			sum += m->used > m->sure ? m->used : m->sure;
			places -= m->sure / q->share;
		}
		assert_int_equal(sum + places * q->share, total[i]);
	}
}

static void
nothing_is_used(const struct world *w, unsigned domain)
{
	for (int i = 0; i < SHARES; i++)
		assert_int_equal(has(w, i, domain)->used, 0);
	all_adds_up(w);
}

static void
listen_in_vain(struct world *w, unsigned app, uint16_t id, uint16_t port)
{
	const struct msg *m;

	say(w, app, (struct msg){MSG_LISTEN, 0, id, 0, msg_endpoint(0, port)});
	m = expect(w, app, MSG_LISTEN_CLOSED);
	assert_int_equal(m->arg, id);
	assert_int_equal(m->ref, MSG_WHY_NO_MEMORY);
}

/* The peer's connection is reset, and no application hears of it. */
static void
come_in_vain(struct world *w, uint16_t port)
{
	stack_conn c;

	w->peer_closed = false;
	assert_int_equal(
		stack_connect(w->client, host_ip4(1), port, 0, 0, &c), 0);
	settle(w);
	silence(w);
	assert_true(w->peer_closed);
	assert_int_equal(w->peer_why, STACK_RESET);
}

static void
go_out(struct world *w, unsigned app, uint8_t host, uint32_t cookie)
{
	say(w, app,
		(struct msg){MSG_CONNECT, 0, 0, cookie,
			msg_endpoint((uint32_t)host_ip4(host).lo, 9)});
}

static void
app_goes(struct world *w, unsigned app)
{
	door_app_down(&w->door, app);
	leave(w, app);
	settle(w);
}

static void
listeners(void **state)
{
	struct world *w = open_world(true, false);

	(void)state;
	for (uint16_t i = 0; i < DOOR_LISTENERS / 2; i++)
		listen_at(w, 0, i, (uint16_t)(100 + i));
	listen_in_vain(w, 0, 99, 99);
	assert_int_equal(w->door.app[0].over.listens, 1);
	all_adds_up(w);
	for (uint16_t i = 0; i < DOOR_LISTENERS / 2; i++)
		listen_at(w, 1, i, (uint16_t)(200 + i));
	listen_in_vain(w, 1, 99, 99);
	/* The share of who is gone is kept for it. */
	app_goes(w, 0);
	nothing_is_used(w, 10);
	listen_in_vain(w, 1, 99, 99);
	join(w, 0, 10);
	for (uint16_t i = 0; i < DOOR_LISTENERS / 2; i++)
		listen_at(w, 0, i, (uint16_t)(100 + i));
	say(w, 0, (struct msg){MSG_UNLISTEN, 0, 5, 0, 0});
	expect(w, 0, MSG_LISTEN_CLOSED);
	listen_at(w, 0, 5, 77);
	all_adds_up(w);
	close_world(w);
}

static void
connections_that_come(void **state)
{
	struct world *w = open_world(true, false);

	(void)state;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	for (unsigned i = 0; i < CONNS; i++)
		connect_to(w, 0, 80);
	for (unsigned i = 0; i < 3; i++)
		come_in_vain(w, 80);
	assert_int_equal(w->door.app[0].over.accepts, 3);
	for (unsigned i = 0; i < CONNS; i++)
		connect_to(w, 1, 81);
	assert_int_equal(w->door.app[1].over.accepts, 0);
	all_adds_up(w);
	app_goes(w, 0);
	nothing_is_used(w, 10);
	assert_int_equal(has(w, SHARE_CONNS, 11)->used, CONNS);
	app_goes(w, 1);
	all_gone(w);
	nothing_is_used(w, 11);
	close_world(w);
}

/* Ended by the peer, and not answered by the application: they count. */
static void
connections_that_it_does_not_close(void **state)
{
	struct world *w = open_world(true, false);
	uint32_t id = 0;

	(void)state;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	for (unsigned i = 0; i < CONNS; i++) {
		id = connect_to(w, 0, 80);
		stack_close(w->client, w->peer, true);
		settle(w);
		expect(w, 0, MSG_CLEANUP);
	}
	assert_int_equal(stack_taken(w->server), 0);
	come_in_vain(w, 80);
	connect_to(w, 1, 81);
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	connect_to(w, 0, 80);
	all_adds_up(w);
	close_world(w);
}

static void
attempts_to_connect(void **state)
{
	struct world *w = open_world(true, false);
	const struct msg *m;

	(void)state;
	assert_int_equal(
		stack_listen(w->client, (struct ip_addr){0, 0}, 9, 0), 0);
	for (uint32_t i = 0; i < CONNS; i++)
		go_out(w, 0, 77, i); /* where nobody answers */
	silence(w);
	go_out(w, 0, 77, 1234);
	m = expect(w, 0, MSG_CONNECT_FAILED);
	assert_int_equal(m->ref, 1234);
	assert_int_equal(m->arg, MSG_WHY_NO_MEMORY);
	assert_int_equal(w->door.app[0].over.connects, 1);
	for (uint32_t i = 0; i < CONNS; i++) {
		go_out(w, 1, 2, i);
		settle(w);
		assert_int_equal(expect(w, 1, MSG_CONNECTED)->ref, i);
	}
	assert_int_equal(w->door.app[1].over.connects, 0);
	all_adds_up(w);
	app_goes(w, 0);
	nothing_is_used(w, 10);
	app_goes(w, 1);
	all_gone(w);
	close_world(w);
}

static void
pieces_that_are_sent(void **state)
{
	struct world *w = open_world(true, false);
	uint32_t hog, meek;
	stack_conn theirs;

	(void)state;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	meek = connect_to(w, 1, 81);
	theirs = w->peer;
	hog = connect_to(w, 0, 80);
	for (unsigned i = 0; i < PIECES; i++)
		say(w, 0, (struct msg){MSG_SEND, 0, 0, hog, msg_data(0, 1)});
	assert_int_equal(has(w, SHARE_SENDS, 10)->used, PIECES);
	silence(w);
	for (unsigned i = 0; i < PIECES; i++)
		say(w, 1, (struct msg){MSG_SEND, 0, 0, meek, msg_data(0, 1)});
	assert_int_equal(w->door.app[1].over.sends, 0);
	/* One more costs it the connection, and gives all back. */
	say(w, 0, (struct msg){MSG_SEND, 0, 0, hog, msg_data(0, 1)});
	assert_int_equal(expect(w, 0, MSG_CLEANUP)->arg, MSG_WHY_NO_MEMORY);
	assert_int_equal(w->door.app[0].over.sends, 1);
	assert_int_equal(has(w, SHARE_SENDS, 10)->used, 0);
	settle(w);
	wait_ms(w, 50);
	assert_int_equal(w->peer_got, PIECES);
	assert_int_equal(has(w, SHARE_SENDS, 11)->used, 0);
	assert_int_equal(w->door.count.sends_full, 0);
	stack_close(w->client, theirs, true);
	all_adds_up(w);
	close_world(w);
}

/* What a closed connection still has to send is its application's. */
static void
pieces_of_what_was_closed(void **state)
{
	struct world *w = open_world(true, false);
	uint32_t id;

	(void)state;
	listen_at(w, 0, 1, 80);
	id = connect_to(w, 0, 80);
	for (unsigned i = 0; i < 9; i++)
		say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(0, 100)});
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	assert_int_equal(has(w, SHARE_SENDS, 10)->used, 9);
	settle(w);
	wait_ms(w, 50);
	assert_int_equal(w->peer_got, 900);
	assert_int_equal(has(w, SHARE_SENDS, 10)->used, 0);
	all_adds_up(w);
	close_world(w);
}

/* Cores of one domain divide what it has as they like. */
static void
one_domain_may_have_all(void **state)
{
	struct world *w = open_world(true, true);

	(void)state;
	listen_at(w, 0, 1, 80);
	for (unsigned i = 0; i < 2 * CONNS; i++)
		connect_to(w, 0, 80);
	for (uint16_t i = 1; i < DOOR_LISTENERS; i++)
		listen_at(w, 0, (uint16_t)(1 + i), (uint16_t)(100 + i));
	listen_in_vain(w, 1, 99, 99);
	all_adds_up(w);
	/* What is over the share of the core that is left stays its own. */
	app_goes(w, 1);
	assert_int_equal(has(w, SHARE_CONNS, 10)->used, 2 * CONNS);
	assert_true(w->door.share[SHARE_CONNS].spare < 0);
	all_adds_up(w);
	join(w, 1, 10);
	assert_int_equal(w->door.share[SHARE_CONNS].spare, 0);
	app_goes(w, 0);
	all_gone(w);
	nothing_is_used(w, 10);
	close_world(w);
}

/* Ended in order, and first by the application: to the end of TIME-WAIT. */
static void
linger(struct world *w, unsigned app, uint16_t port)
{
	uint32_t id = connect_to(w, app, port);

	say(w, app, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	settle(w);
	stack_close(w->client, w->peer, false);
	settle(w);
	expect(w, app, MSG_CLEANUP);
}

static void
who_lingers_is_in_no_share(void **state)
{
	struct world *w = open_world(true, false);

	(void)state;
	assert_int_equal(
		stack_listen(w->client, (struct ip_addr){0, 0}, 9, 0), 0);
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	for (unsigned i = 0; i < plan_stack_conns(PLACES); i++) {
		linger(w, 0, 80);
		assert_int_equal(has(w, SHARE_CONNS, 10)->used, 0);
		assert_int_equal(w->door.app[0].conns, 0);
	}
	assert_int_equal(stack_taken(w->server), plan_stack_conns(PLACES));
	assert_int_equal(idpool_taken(&w->door.ids), 0);
	all_adds_up(w);
	/* They give way, to both kinds. */
	go_out(w, 1, 2, 7);
	settle(w);
	assert_int_equal(expect(w, 1, MSG_CONNECTED)->ref, 7);
	stack_connect(w->client, host_ip4(1), 81, 0, 0, &w->peer);
	settle(w);
	expect(w, 1, MSG_NEW_CONN);
	app_goes(w, 0);
	nothing_is_used(w, 10);
	app_goes(w, 1);
	all_gone(w);
	nothing_is_used(w, 11);
	close_world(w);
}

/* What it has not closed is in its share, in TIME-WAIT as well, and hides those
 * that give way from nobody. */
static void
who_lingers_and_was_not_closed(void **state)
{
	struct world *w = open_world(true, false);
	uint32_t id;

	(void)state;
	assert_int_equal(
		stack_listen(w->client, (struct ip_addr){0, 0}, 9, 0), 0);
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	for (unsigned i = 0; i < CONNS; i++) {
		id = connect_to(w, 0, 80);
		say(w, 0, (struct msg){MSG_SHUTDOWN, 0, MSG_SHUT_WR, id, 0});
		settle(w);
		stack_close(w->client, w->peer, false);
		settle(w);
		expect(w, 0, MSG_REMOTE_CLOSED);
	}
	for (unsigned i = CONNS; i < plan_stack_conns(PLACES); i++)
		linger(w, 1, 81);
	assert_int_equal(stack_taken(w->server), plan_stack_conns(PLACES));
	for (uint32_t i = 0; i < CONNS; i++) {
		go_out(w, 1, 2, i);
		settle(w);
		assert_int_equal(expect(w, 1, MSG_CONNECTED)->ref, i);
	}
	assert_int_equal(has(w, SHARE_CONNS, 10)->used, CONNS);
	assert_null(stack_check(w->server));
	app_goes(w, 0);
	nothing_is_used(w, 10);
	app_goes(w, 1);
	all_gone(w);
	close_world(w);
}

/* SYNs whose answers are lost on the way: as many as can be half open. */
static void
flood(struct world *w, uint16_t port)
{
	uint8_t headers[STACK_HEADERS];
	struct stack_tx_frame f = {.headers = headers};
	uint32_t before = stack_taken(w->server);
	stack_conn c;

	for (unsigned i = 0; i < plan_half_open(PLACES); i++) {
		assert_int_equal(
			stack_connect(w->client, host_ip4(1), port, 0, 0, &c),
			0);
		assert_true(carry(w, w->client));
		stack_close(w->client, c, true);
		while (stack_tx(w->server, &f, 1, w->now))
			assert_null(f.buf);
	}
	assert_int_equal(
		stack_taken(w->server), before + plan_half_open(PLACES));
}

/* One application has all it can get, and handshakes with it take what is for
 * handshakes: there is as much as ever for the other. */
static void
handshakes_are_in_no_share(void **state)
{
	struct world *w = open_world(true, false);
	uint32_t id[CONNS];

	(void)state;
	assert_int_equal(
		stack_listen(w->client, (struct ip_addr){0, 0}, 9, 0), 0);
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	for (unsigned i = 0; i < CONNS; i++)
		connect_to(w, 0, 80);
	flood(w, 80);
	for (unsigned i = 0; i < CONNS; i++)
		id[i] = connect_to(w, 1, 81);
	assert_int_equal(w->door.app[1].over.accepts, 0);
	for (uint32_t i = 0; i < CONNS; i++) {
		say(w, 1, (struct msg){MSG_CLOSE, MSGF_ABORT, 0, id[i], 0});
		settle(w);
		expect(w, 1, MSG_CLEANUP);
		go_out(w, 1, 2, i);
		settle(w);
		assert_int_equal(expect(w, 1, MSG_CONNECTED)->ref, i);
	}
	assert_int_equal(w->door.app[1].over.connects, 0);
	all_adds_up(w);
	app_goes(w, 0);
	nothing_is_used(w, 10);
	assert_int_equal(has(w, SHARE_CONNS, 11)->used, CONNS);
	close_world(w);
}

/* However many cores there are, and whatever one of them takes: each can have
 * as much under way as the library lets it. */
static void
a_share_is_what_one_may_send(void **state)
{
	static struct quota q;

	(void)state;
	for (unsigned apps = 2; apps <= LIMIT_DOMAINS; apps++) {
		quota_init(&q, share_sends(apps), apps);
		for (unsigned i = 0; i < apps; i++)
			quota_join(&q, i);
		while (quota_take(&q, 0))
			;
		for (unsigned i = 1; i < apps; i++)
			assert_true(q.member[i].sure >= LIMIT_SENDS);
		for (unsigned i = 0; i < LIMIT_SENDS; i++)
			assert_true(quota_take(&q, apps - 1));
	}
}

/* Two processes serve one address: what one may not have goes to the other. */
static void
the_other_process_gets_what_is_over(void **state)
{
	struct world *w = open_world(true, true);

	(void)state;
	app_goes(w, 1);
	w->process[1] = 12;
	join(w, 1, 10);
	listen_at(w, 0, 1, 80);
	listen_at(w, 0, 2, 81);
	listen_at(w, 1, 1, 80);
	for (unsigned i = 0; i < CONNS; i++)
		connect_to(w, 0, 81);
	for (unsigned i = 0; i < CONNS; i++)
		connect_to(w, 1, 80);
	assert_int_equal(w->door.app[0].over.accepts, CONNS / 2);
	assert_int_equal(has(w, SHARE_CONNS, 12)->used, CONNS);
	all_adds_up(w);
	close_world(w);
}

/* Of the cores that listen the one with the fewest connections gets the next,
 * whatever the turn would have been. */
static void
the_least_busy_gets_the_next(void **state)
{
	struct world *w = open_world(true, true);
	uint32_t id[6];

	(void)state;
	w->door.cfg.dispatch = DOOR_LEAST_CONNS;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 2, 80);
	listen_at(w, 0, 3, 81);
	for (unsigned i = 0; i < 6; i++)
		id[i] = connect_to(w, 0, 81);
	for (unsigned i = 0; i < 6; i++)
		connect_to(w, 1, 80);
	assert_int_equal(w->door.app[0].conns, 6);
	assert_int_equal(w->door.app[1].conns, 6);
	for (unsigned i = 0; i < 3; i++) {
		say(w, 0, (struct msg){MSG_CLOSE, MSGF_ABORT, 0, id[i], 0});
		expect(w, 0, MSG_CLEANUP);
	}
	settle(w);
	for (unsigned i = 0; i < 3; i++)
		connect_to(w, 0, 80);
	assert_int_equal(w->door.app[0].conns, w->door.app[1].conns);
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listeners),
		cmocka_unit_test(connections_that_come),
		cmocka_unit_test(connections_that_it_does_not_close),
		cmocka_unit_test(attempts_to_connect),
		cmocka_unit_test(pieces_that_are_sent),
		cmocka_unit_test(pieces_of_what_was_closed),
		cmocka_unit_test(one_domain_may_have_all),
		cmocka_unit_test(who_lingers_is_in_no_share),
		cmocka_unit_test(who_lingers_and_was_not_closed),
		cmocka_unit_test(handshakes_are_in_no_share),
		cmocka_unit_test(a_share_is_what_one_may_send),
		cmocka_unit_test(the_other_process_gets_what_is_over),
		cmocka_unit_test(the_least_busy_gets_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
