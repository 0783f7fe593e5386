/* cookie.c - SYN cookies. */
#include "netcore/stack/engine/cookie.h"

#include <string.h>

#include "netcore/stack/engine/ecn.h"

#define COUNT_SHIFT 16 /* of ticks */
#define COUNTS	    32u
#define HASH_BITS   0xffffffu
#define LOW_BITS    63u /* of a timestamp: not its own */
#define LOW_SCALE   15u /* none was offered, if all are set */
#define LOW_SACK    16u
#define LOW_ECN	    32u

/* What the peers of this world offer, and something for the rest. */
static const uint16_t sizes[8] = {
	536, 1220, 1340, 1360, 1440, 1452, 1460, 8940};

static uint32_t
hash(const struct stack *s, const struct flow_key *k, uint32_t irs,
	uint32_t count, uint32_t size)
{
	/* The last word keeps it apart from all else that the secret signs. */
	uint64_t w[7] = {flow_key_head(k), k->addr[0], k->addr[1], k->addr[2],
		k->addr[3], (uint64_t)irs << 32 | count,
		0x636f6f6b6965 << 3 | size};

	return (uint32_t)sip24_words(&s->secret, w, 7) & HASH_BITS;
}

static uint32_t
clock_offset(const struct stack *s, const struct flow_key *k)
{
	return (uint32_t)(open_numbers(s, k) >> 32);
}

static uint32_t
size_index(uint16_t mss)
{
	uint32_t i = 0;

	while (i + 1 < sizeof(sizes) / sizeof(sizes[0]) && sizes[i + 1] <= mss)
		i++;
	return i;
}

static uint32_t
low_bits(const struct tcp_rx *r)
{
	uint32_t low = LOW_SCALE;

	if (r->h.opts & WIRE_TCP_WSCALE)
		low = r->h.wscale;
	if (r->h.opts & WIRE_TCP_SACK_OK)
		low |= LOW_SACK;
	if ((r->h.flags & (WIRE_TCP_ECE | WIRE_TCP_CWR)) ==
		(WIRE_TCP_ECE | WIRE_TCP_CWR))
		low |= LOW_ECN;
	return low;
}

void
cookie_send(struct stack *s, const struct tcp_rx *r)
{
	uint32_t count = s->tick >> COUNT_SHIFT, window = s->cfg.rcv_window;
	uint32_t size = size_index(r->h.opts & WIRE_TCP_MSS ? r->h.mss : 536);
	struct wire_tcp t = {
		.flags = WIRE_TCP_SYN | WIRE_TCP_ACK,
		.seq = count % COUNTS << 27 | size << 24 |
			hash(s, &r->key, r->h.seq, count, size),
		.ack = r->h.seq + 1,
		.window = (uint16_t)(window < 0xffff ? window : 0xffff),
		.opts = WIRE_TCP_MSS,
		.mss = open_mss(s, &r->key),
	};

	if (r->h.opts & WIRE_TCP_TS) {
		uint32_t low = low_bits(r), now;

		/* Not ahead of the clock: it must not seem to go back. */
		now = s->tick + clock_offset(s, &r->key) - LOW_BITS;
		t.opts |= WIRE_TCP_TS;
		t.ts_val = (now & ~LOW_BITS) | low;
		t.ts_ecr = r->h.ts_val;
		if (low & LOW_SACK)
			t.opts |= WIRE_TCP_SACK_OK;
		if (low & LOW_ECN)
			t.flags |= WIRE_TCP_ECE;
		if ((low & LOW_SCALE) != LOW_SCALE) {
			t.opts |= WIRE_TCP_WSCALE;
			t.wscale = s->scale;
		}
	}
	s->count.cookies_sent++;
	s->t_cookie = s->tick | 1;
	out_reply_tcp(s, r, &t);
}

static bool
is_ours(const struct stack *s, const struct tcp_rx *r)
{
	uint32_t iss = r->h.ack - 1, count = s->tick >> COUNT_SHIFT;
	uint32_t age = (count - (iss >> 27)) % COUNTS;

	return age <= 1 &&
		hash(s, &r->key, r->h.seq - 1, count - age, iss >> 24 & 7) ==
		(iss & HASH_BITS);
}

bool
cookie_take(struct stack *s, const struct tcp_rx *r, struct tcp_rx *syn,
	uint32_t *iss)
{
	uint32_t low = r->h.ts_ecr & LOW_BITS;

	if (!s->t_cookie ||
		(int32_t)(s->tick - s->t_cookie) >= 2 << COUNT_SHIFT)
		return false; /* none can be good */
	if (!is_ours(s, r)) {
		s->count.cookies_bad++;
		return false;
	}
	*iss = r->h.ack - 1;
	*syn = *r;
	syn->len = 0;
	syn->h.seq--;
	syn->h.flags = WIRE_TCP_SYN;
	syn->h.opts = (uint8_t)(WIRE_TCP_MSS | (r->h.opts & WIRE_TCP_TS));
	syn->h.mss = sizes[*iss >> 24 & 7];
	if (!(r->h.opts & WIRE_TCP_TS))
		return true;
	if ((low & LOW_SCALE) != LOW_SCALE) {
		syn->h.opts |= WIRE_TCP_WSCALE;
		syn->h.wscale = low & LOW_SCALE;
	}
	if (low & LOW_SACK)
		syn->h.opts |= WIRE_TCP_SACK_OK;
	if (low & LOW_ECN)
		syn->h.flags |= WIRE_TCP_ECE | WIRE_TCP_CWR;
	return true;
}

uint32_t
cookie_sent_us(
	const struct stack *s, const struct tcb *c, const struct tcp_rx *r)
{
	uint32_t ms = s->tick + c->ts_offset - (r->h.ts_ecr & ~LOW_BITS);

	if (!(c->flags & TCB_TS) || ms > 60000)
		return 0;
	return s->us - 1000 * ms;
}
