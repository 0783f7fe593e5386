/* server.c - answers each message by one of the same size. A client that says
 * what cannot be is reset. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/netpipe/end.h"
#include "apps/netpipe/netpipe.h"

/* A connection; the end comes first, so that its address is the server's. */
struct server {
	struct end end;
	uint8_t head[END_HEAD];
	unsigned have;	/* bytes of head */
	uint32_t count; /* messages to come */
};

struct core {
	const struct options *o;
	uint8_t *prepared;
};

static uint32_t
word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}

static size_t
take_head(struct server *s, const uint8_t *ptr)
{
	s->head[s->have++] = *ptr;
	if (s->have < END_HEAD)
		return 1;
	s->have = 0;
	s->end.size = word(s->head);
	s->count = word(s->head + 4);
	if (!s->end.size || s->end.size > s->end.room || !s->count)
		end_abort(&s->end);
	return 1;
}

static size_t
eat(struct end *e, const uint8_t *ptr, size_t len)
{
	struct server *s = (struct server *)(void *)e;
	size_t n;

	if (!s->count)
		return take_head(s, ptr);
	n = end_take(e, ptr, len);
	if (e->got == e->size) {
		s->count--;
		end_answer(e);
	}
	return n;
}

static void
accepted(struct dl *dl, struct dl_conn *c, void *arg)
{
	struct core *core = arg;
	struct server *s = calloc(1, sizeof(*s));

	dl_conn_set_user(c, s);
	if (!s) {
		dl_abort(c);
		return;
	}
	s->end.eat = eat;
	if (end_open(&s->end, dl, c, core->o->size, core->prepared))
		end_abort(&s->end);
}

static void
data(struct dl *dl, struct dl_conn *c, const void *ptr, size_t len)
{
	(void)dl;
	end_data(dl_conn_user(c), ptr, len);
}

static void
acked(struct dl *dl, struct dl_conn *c, size_t bytes)
{
	struct server *s = dl_conn_user(c);

	(void)dl;
	if (s)
		end_acked(&s->end, bytes);
}

static void
closed(struct dl *dl, struct dl_conn *c, enum dl_why why)
{
	struct server *s = dl_conn_user(c);

	(void)why;
	if (s)
		end_free(&s->end, dl);
	free(s);
}

static const struct dl_handler handler = {
	.accepted = accepted,
	.data = data,
	.acked = acked,
	.closed = closed,
};

void
server_start(struct dl *dl, const struct options *o)
{
	struct core *core = calloc(1, sizeof(*core));

	if (core && o->nocopy) {
		core->prepared = dl_alloc(dl, o->size);
		if (core->prepared)
			end_fill(core->prepared, o->size);
	}
	if (!core || (o->nocopy && !core->prepared)) {
		fprintf(stderr, "netpipe: no memory for %u bytes\n", o->size);
		dl_quit(dl, 1);
		return;
	}
	core->o = o;
	dl_set_user(dl, core);
	if (dl_listen(dl, NULL, o->port, &handler, core)) {
		fprintf(stderr, "netpipe: cannot listen\n");
		dl_quit(dl, 1);
	}
}
