/* conns.c - the launcher's side of `dlibos conns`: read from the records that
 * network cores show. A domain may write there what it likes, while we read:
 * what is checked is a copy, and what no connection can be is left out. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dlibos/base/clock.h"
#include "dlibos/launch/conns.h"
#include "dlibos/launch/instance.h"

#define TRAILER 32    /* bytes kept for the last line */
#define LINE	512   /* and of any other at most */
#define LOOKS	65536 /* at slots, for a piece */
#define MS	1000000u

static const char *
address(const uint8_t a[16], char text[INET6_ADDRSTRLEN])
{
	static const uint8_t v4[12] = {[10] = 0xff, 0xff};

	if (!memcmp(a, v4, sizeof(v4)))
		return inet_ntop(AF_INET, a + 12, text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, a, text, INET6_ADDRSTRLEN);
}

static uint64_t
ms_since(uint64_t t, uint64_t now)
{
	return t < now ? (now - t) / MS : 0;
}

/* As a line of less than LINE bytes; its length, 0 for what is none. */
static size_t
line(char *buf, const char *domain, unsigned core, const struct domain_conn *c,
	uint64_t now)
{
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];
	const char *state = domain_conn_state(c->state);
	int app = c->app < LIMIT_CORES ? c->app : -1, n;

	if (!state || !address(c->local, local) || !address(c->remote, remote))
		return 0;
	n = snprintf(buf, LINE,
		"%s %u %s %d %s %u %s %u %llu %llu %u %u %u %u %llu %llu "
		"%llu\n",
		domain, core, state, app, local, c->lport, remote, c->rport,
		(unsigned long long)c->received, (unsigned long long)c->sent,
		c->unacked, c->unread, c->srtt_us, c->cwnd,
		(unsigned long long)c->resent,
		(unsigned long long)ms_since(c->opened_ns, now),
		(unsigned long long)ms_since(c->at_ns, now));
	return n > 0 && n < LINE ? (size_t)n : 0;
}

static size_t
slot_line(char *buf, const struct child *c, unsigned core,
	const struct domain_conn_slot *slot, uint64_t now)
{
	static const char torn[] = "torn\n";
	struct domain_conn conn;

	if (domain_conn_get(slot, &conn))
		return line(buf, c->name, core, &conn, now);
	memcpy(buf, torn, sizeof(torn));
	return sizeof(torn) - 1;
}

static const struct domain_conns *
table(const struct child *c, unsigned core, uint32_t conns)
{
	const uint8_t *base = c->stat.part.base;

	base += domain_stat_conns_at(c->stat.cores, c->stat.edges, core, conns);
	return (const struct domain_conns *)(const void *)base;
}

/* The slots of a domain from *slot on, as long as there is room and time; where
 * it stopped. False: it did not come to the end. */
static bool
domain(const struct child *c, uint32_t conns, unsigned *slot, unsigned *looks,
	char *buf, size_t len, size_t *used)
{
	uint32_t slots = plan_stack_conns(conns);
	uint64_t now = clock_ns();

	for (unsigned core = *slot / slots; core < c->stat.cores; core++) {
		const struct domain_conns *t = table(c, core, conns);
		uint32_t n = domain_conns_used(t, slots);

		for (uint32_t i = *slot % slots; i < n; i++, --*looks) {
			*slot = core * slots + i;
			if (len - *used < LINE || !*looks)
				return false;
			*used += slot_line(buf + *used, c, c->core[core],
				&t->slot[i], now);
		}
		*slot = (core + 1) * slots;
	}
	return true;
}

void
conns_piece(const struct instance *in, unsigned d, unsigned slot, char *buf,
	size_t len)
{
	unsigned looks = LOOKS;
	size_t used = 0;

	len -= TRAILER;
	for (; d < in->children; d++, slot = 0) {
		const struct child *c = &in->child[d];

		if (!(c->role & ROLE_NET) || !c->stat.part.base)
			continue;
		if (domain(c, in->opt.conns, &slot, &looks, buf, len, &used))
			continue;
		snprintf(buf + used, TRAILER, "more %u %u\n", d, slot);
		return;
	}
	snprintf(buf + used, TRAILER, "end\n");
}
