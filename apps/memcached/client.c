/* client.c - connections on the network. */
#include "apps/memcached/client.h"

#include <errno.h>
#include <stddef.h>

/* Pieces that do not wait for those behind: two of a request each. */
#define CORK 48

/* --- sending --------------------------------------------------------------*/

static void
give_up(struct client *cl)
{
	if (cl->closed)
		return;
	cl->closed = true;
	dl_abort(cl->conn);
}

/* Sends what there is room for; room() goes on. */
static void
flush(struct client *cl)
{
	struct answer *a = &cl->proto.out;
	unsigned n;

	/* What is there goes with what comes from other cores, soon. */
	if (a->holes && answer_unsent(a) < CORK)
		return;
	while (!cl->closed && (n = answer_ready(a, DL_PIECES))) {
		struct dl_piece p[DL_PIECES];
		uint64_t bytes = 0;
		int rc;

		for (unsigned i = 0; i < n; i++) {
			const struct answer_piece *from = answer_at(a, i);

			p[i] = (struct dl_piece){from->ptr, from->len};
			bytes += from->len;
		}
		rc = dl_sendv(cl->conn, p, n, 0);
		if (rc == -EAGAIN)
			return;
		if (rc) {
			cl->core->command.n.send_failed++;
			give_up(cl);
			return;
		}
		answer_sent(a, n);
		cl->core->command.n.bytes_written += bytes;
	}
}

/* After anything happened: sends, and closes when that was the last. */
static void
settle(struct client *cl)
{
	struct answer *a = &cl->proto.out;

	if (a->broken)
		give_up(cl);
	flush(cl);
	if (cl->closed || answer_unsent(a) ||
		(cl->proto.ask && cl->proto.ask->away))
		return;
	if (cl->proto.closing || cl->eof) {
		cl->closed = true;
		dl_close(cl->conn); /* what was sent still arrives */
	}
	if (cl->core->command.shutdown)
		dl_quit(cl->core->dl, 0);
}

/* --- reading --------------------------------------------------------------*/

/* It goes on with the next tick, which is not put off any further. */
static void
rest(struct client *cl)
{
	struct core *c = cl->core;

	if (cl->resting)
		return;
	if (!c->resting)
		dl_timer_set(c->dl, &c->tick, WORK_MS);
	cl->resting = true;
	cl->rests = c->resting;
	c->resting = cl;
}

static void
read_now(struct client *cl, const char *ptr, size_t len)
{
	size_t used = len;

	if (!cl->proto.closing)
		used = proto_read(&cl->proto, ptr, len);
	if (cl->proto.closing)
		used = len;
	cl->core->command.n.bytes_read += used;
	dl_recv_done(cl->conn, used);
	if (used < len) {
		/* It stays where it is, and the peer's window shrinks. */
		if (cl->proto.pauses)
			rest(cl);
		else
			cl->core->command.n.yields++;
		dl_keep(cl->conn, ptr + used, len - used);
	}
	settle(cl);
}

void
client_burst(struct core *c)
{
	struct burst *b = &c->burst;

	for (unsigned i = 0; i < b->n; i++)
		store_near(
			c->command.store, b->read[i].client->proto.ahead.hash);
	for (unsigned i = 0; i < b->n; i++) {
		struct burst_read *r = &b->read[i];

		r->client->in_burst = false;
		read_now(r->client, r->ptr, r->len);
	}
	b->n = 0;
}

static void
data(struct dl *dl, struct dl_conn *conn, const void *ptr, size_t len)
{
	struct client *cl = dl_conn_user(conn);
	struct burst *b = &cl->core->burst;

	(void)dl;
	if (cl->in_burst || b->n == BURST_MOST)
		client_burst(cl->core);
	if (cl->proto.closing || !proto_ahead(&cl->proto, ptr, len)) {
		read_now(cl, ptr, len);
		return;
	}
	cl->in_burst = true;
	b->read[b->n++] = (struct burst_read){cl, ptr, len};
}

static void
acked(struct dl *dl, struct dl_conn *conn, size_t bytes)
{
	struct client *cl = dl_conn_user(conn);

	(void)dl;
	answer_acked(&cl->proto.out, bytes);
}

static void
room(struct dl *dl, struct dl_conn *conn)
{
	(void)dl;
	settle(dl_conn_user(conn));
}

static void
remote_closed(struct dl *dl, struct dl_conn *conn)
{
	struct client *cl = dl_conn_user(conn);

	(void)dl;
	if (cl->in_burst)
		client_burst(cl->core);
	cl->eof = true;
	settle(cl);
}

/* --- connections ----------------------------------------------------------*/

static void
accepted(struct dl *dl, struct dl_conn *conn, void *arg)
{
	struct core *c = arg;
	struct client *cl = c->free;

	(void)dl;
	if (cl)
		c->free = cl->free;
	else if (c->used < c->most)
		cl = &c->clients[c->used++];
	dl_conn_set_user(conn, cl);
	if (!cl) {
		c->command.n.rejected_connections++;
		dl_abort(conn);
		return;
	}
	cl->conn = conn;
	cl->core = c;
	cl->eof = cl->closed = cl->in_burst = false;
	proto_begin(&cl->proto, &c->command);
	c->command.n.curr_connections++;
	c->command.n.total_connections++;
}

static void
closed(struct dl *dl, struct dl_conn *conn, enum dl_why why)
{
	struct client *cl = dl_conn_user(conn);

	(void)dl;
	(void)why;
	if (!cl)
		return;
	cl->closed = true; /* what it has asked is done, and not answered */
	if (cl->in_burst)
		client_burst(cl->core);
	proto_end(&cl->proto);
	cl->conn = NULL;
	cl->core->command.n.curr_connections--;
	cl->free = cl->core->free;
	cl->core->free = cl;
}

const struct dl_handler client_handler = {
	.accepted = accepted,
	.data = data,
	.acked = acked,
	.room = room,
	.remote_closed = remote_closed,
	.closed = closed,
};

/* --- going on -------------------------------------------------------------*/

void
client_resume(struct proto *proto)
{
	struct client *cl = (struct client *)(void *)((char *)proto -
		offsetof(struct client, proto));

	flush(cl); /* empty answers take room until then */
	dl_read_on(cl->conn);
	settle(cl);
}

/* Some that rested may have ended, and others rest again. */
void
client_wake(struct core *c)
{
	struct client *cl = c->resting, *next;

	for (c->resting = NULL; cl; cl = next) {
		next = cl->rests;
		cl->resting = false;
		if (cl->conn)
			client_resume(&cl->proto);
	}
}
