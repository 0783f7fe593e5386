/* host.c - the program, and its books. */
#include "netcore/stack/engine/test/fuzz/host.h"

#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/fuzz/bytes.h"

#define BURST	   7
#define MOST_TURNS 200000

static void
note(struct host *h, unsigned what, const struct host_conn *k, uint64_t n)
{
	uint64_t who = k ? (uint64_t)(k - h->conn) : HOST_CONNS;
	uint64_t *all = &h->upcalls[who % HOST_CONNS];

	*all = host_fold(*all, what | who << 8 | n << 16);
	if (getenv("FUZZ_TRACE"))
		fprintf(stderr, "%p: upcall %u of %d: %llu\n", (void *)h, what,
			(int)who, (unsigned long long)n);
}

/* --- calls ----------------------------------------------------------------*/

static struct host_conn *
at(struct host *h, unsigned i)
{
	for (unsigned k = 0; k < HOST_CONNS; k++) {
		struct host_conn *c = &h->conn[(i + k) % HOST_CONNS];

		if (c->c)
			return c;
	}
	return NULL;
}

static void
queue(struct host *h, struct host_conn *k, uint32_t len)
{
	struct host_mem *m = malloc(sizeof(*m) + len);
	int rc;

	for (uint32_t i = 0; i < len; i++)
		m->bytes[i] = byte_at((uint32_t)k->sent + i);
	m->len = len;
	m->next = NULL;
	rc = stack_send(h->s, k->c, m->bytes, len);
	MUST(rc == 0 || rc == -ENOBUFS || (rc == -EPIPE && k->shut));
	MUST(rc != 0 || !k->shut);
	if (rc || !len) {
		free(m);
		return;
	}
	if (k->newest)
		k->newest->next = m;
	else
		k->oldest = m;
	k->newest = m;
	k->sent += len;
}

static void
close_it(struct host *h, struct host_conn *k, bool reset)
{
	stack_conn c = k->c;

	/* Its end may be told of before this returns. */
	k->shut = k->gone = true;
	MUST(stack_close(h->s, c, reset) == 0);
}

void
host_connect(struct host *h, struct ip_addr ip, uint16_t port)
{
	for (unsigned i = 0; i < HOST_CONNS; i++) {
		struct host_conn *k = &h->conn[i];

		if (k->c)
			continue;
		if (!stack_connect(h->s, ip, port, 0, 0, &k->c))
			stack_set_user(h->s, k->c, i + 1);
		else
			k->c = 0;
		return;
	}
}

void
host_send(struct host *h, unsigned i, uint32_t len)
{
	struct host_conn *k = at(h, i);

	if (k && !k->gone)
		queue(h, k, len);
}

void
host_done(struct host *h, unsigned i, uint32_t bytes)
{
	struct host_conn *k = at(h, i);

	if (!k || k->gone)
		return;
	if (bytes > k->unread)
		MUST(stack_recv_done(h->s, k->c, bytes) == -EINVAL);
	else
		MUST(stack_recv_done(h->s, k->c, bytes) == 0);
	k->unread -= bytes > k->unread ? 0 : bytes;
}

void
host_shut(struct host *h, unsigned i)
{
	struct host_conn *k = at(h, i);

	if (!k || k->gone)
		return;
	k->shut = true;
	MUST(stack_shutdown(h->s, k->c) == 0);
}

void
host_close(struct host *h, unsigned i, bool reset)
{
	struct host_conn *k = at(h, i);

	if (k && (!k->gone || reset))
		close_it(h, k, reset);
}

void
host_datagram(struct host *h, uint16_t lport, struct ip_addr ip, uint16_t port,
	uint32_t len)
{
	uint8_t *p = malloc(len + !len);

	memset(p, 7, len);
	h->buffers++;
	if (stack_udp_send(h->s, lport, ip, port, p, len, p)) {
		h->buffers--;
		free(p);
	}
}

/* --- upcalls --------------------------------------------------------------*/

static struct host_conn *
known(struct host *h, stack_conn c, uint64_t user)
{
	struct host_conn *k = host_find(h, c);

	MUST(c && k && user == (uint64_t)(k - h->conn) + 1);
	return k;
}

static void
greet(struct host *h, struct host_conn *k)
{
	if (h->mute)
		return;
	if (h->manners & HOST_GREETS)
		queue(h, k, 700);
	if (h->manners & HOST_HANGS_UP)
		close_it(h, k, false);
}

static void
up_accepted(void *arg, stack_conn c, uint64_t user)
{
	struct host *h = arg;
	struct host_conn *k = host_find(h, 0);

	MUST(c && k && !host_find(h, c) && user >= 100);
	*k = (struct host_conn){.c = c, .told = true};
	MUST(!stack_set_user(h->s, c, (uint64_t)(k - h->conn) + 1));
	note(h, 1, k, user);
	greet(h, k);
}

static void
up_connected(void *arg, stack_conn c, uint64_t user)
{
	struct host *h = arg;
	struct host_conn *k = known(h, c, user);

	MUST(!k->told && !k->gone);
	k->told = true;
	note(h, 2, k, 0);
	greet(h, k);
}

static void
up_data(void *arg, stack_conn c, uint64_t user, const uint8_t *p, uint32_t len,
	void *buf)
{
	struct host *h = arg;
	struct host_conn *k = known(h, c, user);
	const struct tcb *t = &h->s->tcb[idpool_index(c)];
	uint32_t from = h->by_seq ? t->rcv_nxt - len : (uint32_t)k->got;

	MUST(k->told && !k->gone && !k->ended && len);
	MUST(t->rcv_nxt - len == t->irs + 1 + (uint32_t)k->got);
	for (uint32_t i = 0; i < len && !h->any; i++)
		MUST(p[i] == byte_at(from + i));
	k->got += len;
	h->got += len;
	k->unread += len;
	MUST(k->unread <= h->cfg.rcv_window);
	note(h, 3, k, len);
	h->buffers--;
	free(buf);
	if (h->mute)
		return;
	if (h->manners & HOST_READS) {
		MUST(!stack_recv_done(h->s, c, len));
		k->unread -= len;
	}
	if (h->manners & HOST_ECHOES)
		queue(h, k, len);
	if (h->manners & HOST_ABORTS)
		close_it(h, k, true);
}

static void
up_acked(void *arg, stack_conn c, uint64_t user, uint32_t bytes)
{
	struct host *h = arg;
	struct host_conn *k = known(h, c, user);

	MUST(k->told && bytes && bytes <= k->sent - k->acked);
	k->acked += bytes;
	k->part += bytes;
	while (k->oldest && k->part >= k->oldest->len) {
		struct host_mem *m = k->oldest;

		k->part -= m->len;
		k->oldest = m->next;
		free(m);
	}
	if (!k->oldest)
		k->newest = NULL;
	note(h, 4, k, bytes);
	if ((h->manners & HOST_FEEDS) && !h->mute && !k->gone)
		queue(h, k, bytes);
}

static void
up_remote_closed(void *arg, stack_conn c, uint64_t user)
{
	struct host *h = arg;
	struct host_conn *k = known(h, c, user);

	MUST(k->told && !k->ended && !k->gone);
	k->ended = true;
	note(h, 5, k, 0);
	if ((h->manners & HOST_FOLLOWS) && !h->mute)
		close_it(h, k, false);
}

static void
up_closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	struct host *h = arg;
	struct host_conn *k = known(h, c, user);

	MUST(why != STACK_ABORTED || k->gone);
	note(h, 6, k, why);
	h->ends[why]++;
	while (k->oldest) {
		struct host_mem *m = k->oldest;

		k->oldest = m->next;
		free(m);
	}
	*k = (struct host_conn){0};
}

static void
up_datagram(void *arg, const struct stack_datagram *d)
{
	struct host *h = arg;
	uint64_t *all = &h->upcalls[0];
	uint32_t len = 0;

	MUST(d->pieces <= STACK_FRAGS);
	for (unsigned i = 0; i < d->pieces; i++) {
		for (uint32_t j = 0; j < d->piece[i].len; j++)
			*all = host_fold(*all, d->piece[i].ptr[j]);
		len += d->piece[i].len;
	}
	MUST(len == d->len);
	for (unsigned i = 0; i < d->pieces; i++) {
		h->buffers--;
		free(d->buf[i]);
	}
	note(h, 7, NULL, d->user ^ (uint64_t)len << 20);
}

static void
up_release(void *arg, void *buf)
{
	struct host *h = arg;

	h->buffers--;
	free(buf);
}

static const struct stack_ops ops = {
	.accepted = up_accepted,
	.connected = up_connected,
	.data = up_data,
	.acked = up_acked,
	.remote_closed = up_remote_closed,
	.closed = up_closed,
	.datagram = up_datagram,
	.release = up_release,
};

/* --- the wire -------------------------------------------------------------*/

/* The plain case asks for this, and nothing else does. */
static void
look_closer(struct host *h)
{
	for (uint32_t i = 0; h->closer && i < h->s->ids.fresh; i++)
		h->s->tcb[i].flags |= TCB_FAR;
}

/* The pool has a list of its own for what is used again, so that what comes
 * next does not lie where this one lay. */
void
host_rx(struct host *h, const struct host_frame *f, unsigned n)
{
	struct stack_rx_frame rx[64];

	MUST(n <= 64);
	for (unsigned i = 0; i < n; i++) {
		uint8_t *p = malloc(f[i].len + !f[i].len);

		memcpy(p, f[i].bytes, f[i].len);
		rx[i] = (struct stack_rx_frame){.data = p,
			.len = f[i].len,
			.flags = f[i].flags,
			.buf = p};
	}
	h->buffers += n;
	look_closer(h);
	stack_rx(h->s, rx, n, h->now);
	/* Who has a buffer may have freed it, but not before it was kept. */
	for (unsigned i = 0; i < n; i++)
		if (!rx[i].kept) {
			h->buffers--;
			free(rx[i].buf);
		}
}

static void
one_out(struct host *h, const struct stack_tx_frame *f)
{
	static uint8_t bytes[HOST_FRAME];
	uint32_t len = f->header_len;

	MUST(len <= STACK_HEADERS && f->pieces <= STACK_PIECES);
	memcpy(bytes, f->headers, len);
	for (unsigned i = 0; i < f->pieces; i++) {
		MUST(f->piece[i].len && len + f->piece[i].len <= HOST_FRAME);
		memcpy(bytes + len, f->piece[i].ptr, f->piece[i].len);
		len += f->piece[i].len;
	}
	MUST(len == f->header_len + f->len);
	look_frame(h, f, bytes, len);
	if (f->buf)
		h->buffers--;
	free(f->buf);
	if (h->wire && !h->quiet)
		h->wire(h, bytes, len);
}

void
host_tx(struct host *h)
{
	uint8_t headers[BURST][STACK_HEADERS];
	struct stack_tx_frame f[BURST];
	unsigned n;

	for (unsigned i = 0; i < BURST; i++)
		f[i].headers = headers[i];
	do {
		look_closer(h);
		n = stack_tx(h->s, f, BURST, h->now);
		for (unsigned i = 0; i < n; i++)
			one_out(h, &f[i]);
	} while (n == BURST);
}

void
host_timers(struct host *h)
{
	stack_timers(h->s, h->now);
}

void
host_check(const struct host *h)
{
	const char *bad = stack_check(h->s);

	if (bad)
		fprintf(stderr, "stack_check: %s\n", bad);
	MUST(!bad);
}

/* --- beginning and end ----------------------------------------------------*/

struct host *
host_new(const struct stack_config *cfg, uint64_t now)
{
	struct host *h = calloc(1, sizeof(*h));
	size_t bytes = (stack_bytes(cfg) + 63) & ~(size_t)63;
	void *mem = aligned_alloc(64, bytes);

	memset(mem, 0, bytes);
	h->cfg = *cfg;
	h->now = now;
	h->s = stack_init(mem, cfg, &ops, h, now);
	return h;
}

void
host_end(struct host *h)
{
	unsigned turns = 0;
	uint64_t at;

	h->mute = h->quiet = true;
	for (uint32_t i = 0; i < h->cfg.listeners; i++)
		h->s->listener[i].used = false;
	for (unsigned i = 0; i < HOST_CONNS; i++)
		if (h->conn[i].c && !h->conn[i].gone)
			close_it(h, &h->conn[i], i & 1);
	for (;;) {
		host_tx(h);
		at = stack_deadline(h->s);
		if (at == UINT64_MAX)
			break;
		MUST(turns++ < MOST_TURNS);
		h->now = at > h->now ? at : h->now;
		host_timers(h);
	}
	host_check(h);
	for (unsigned i = 0; i < HOST_CONNS; i++)
		MUST(!h->conn[i].c);
	MUST(!idpool_taken(&h->s->ids) && !h->s->half_open);
	MUST(!h->s->sg.used && !h->s->seg.used && !h->s->ooo.used);
	MUST(!h->s->frags.node.used && !h->s->frags.live);
	MUST(!h->buffers);
}

void
host_free(struct host *h)
{
	free(h->s);
	free(h);
}
