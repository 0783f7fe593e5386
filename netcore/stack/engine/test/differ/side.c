/* side.c - the peer: it turns steps into frames, by what it has seen of the
 * side that it talks to, and reads what comes back. */
#include "netcore/stack/engine/test/differ/side.h"

#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/ipv4.h"

const uint8_t side_mac[6] = {2, 0, 0, 0, 0, 1};
const uint8_t side_peer_mac[6] = {2, 0, 0, 0, 0, 2};
uint8_t side_bytes[2 * SIDE_PATTERN];

const char *const side_state_name[SIDE_STATES] = {"-", "SYN-SENT", "SYN-RCVD",
	"ESTAB", "CLOSE-WAIT", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSING",
	"LAST-ACK", "TIME-WAIT"};
const char *const side_why_name[SIDE_WHYS] = {
	"open", "closed", "reset", "refused", "unreachable", "other"};

static void
fill_pattern(void)
{
	uint32_t x = 1;

	if (side_bytes[0])
		return;
	for (unsigned i = 0; i < SIDE_PATTERN; i++) {
		x = x * 1664525 + 1013904223;
		side_bytes[i] = (uint8_t)(x >> 24) | !i;
	}
	memcpy(side_bytes + SIDE_PATTERN, side_bytes, SIDE_PATTERN);
}

static const uint8_t *
bytes_at(uint32_t n)
{
	return side_bytes + n % SIDE_PATTERN;
}

static void
bad(struct side *d, const char *what)
{
	if (!d->bad[0])
		snprintf(d->bad, sizeof(d->bad), "%s: %s", d->ops->name, what);
}

/* --- from the side --------------------------------------------------------*/

uint32_t
side_edge(struct side *d)
{
	uint32_t edge = d->acked +
		((uint32_t)d->window << (d->window_syn ? 0 : d->wscale));

	if (!d->best_known || (int32_t)(edge - d->best) > 0)
		d->best = edge;
	d->best_known = true;
	return d->best;
}

static void
new_life(struct side *d, uint32_t top)
{
	d->top = top;
	d->best = 0;
	d->best_known = false;
	d->acked_filled = 0;
	if (!d->accepted)
		d->answered = false;
}

static void
read_numbers(struct side *d, const struct wire_tcp *t, uint32_t len)
{
	uint32_t end = t->seq + len + !!(t->flags & WIRE_TCP_SYN) +
		!!(t->flags & WIRE_TCP_FIN);

	if (t->flags & WIRE_TCP_SYN) {
		if (!d->syn_seen || t->seq != d->iss)
			new_life(d, end);
		d->syn_seen = true;
		d->iss = t->seq;
		d->syn_ts = t->ts_val;
	}
	if ((int32_t)(end - d->top) > 0)
		d->top = end;
	if (t->flags & WIRE_TCP_ACK) {
		d->acked = t->ack - d->plan->isn;
		if (!d->answered)
			d->first = d->syn + 1;
		d->answered = true;
		d->window = t->window;
		d->window_syn = t->flags & WIRE_TCP_SYN;
		d->seen.shut = !t->window;
	}
	if (t->opts & WIRE_TCP_TS)
		d->ts = t->ts_val;
}

static void
count(struct side *d, const struct wire_tcp *t, uint32_t len)
{
	struct side_seen *v = &d->seen;

	if (t->flags & WIRE_TCP_RST) {
		if (!v->resets++) {
			v->reset_acks = t->flags & WIRE_TCP_ACK;
			/* 0 is what answers a segment without an ACK */
			v->reset_seq = t->seq ? t->seq - d->iss : 0;
			v->reset_ack = v->reset_acks
				? t->ack - d->plan->isn - d->acked_filled
				: 0;
		}
		return;
	}
	v->syns += !!(t->flags & WIRE_TCP_SYN);
	v->fins += !!(t->flags & WIRE_TCP_FIN);
	v->data += !!len;
	v->acks += !len && !(t->flags & (WIRE_TCP_SYN | WIRE_TCP_FIN));
	read_numbers(d, t, len);
}

void
side_sent(struct side *d, const uint8_t *p, uint32_t len)
{
	struct cursor c = {p, p + len};
	struct wire_eth e;
	struct wire_ipv4 ip;
	struct wire_tcp t;
	uint32_t left;

	if (wire_eth_parse(&c, &e) || e.type != WIRE_ETH_IPV4 ||
		wire_ipv4_parse(&c, &ip) || ip.proto != WIRE_IP_TCP)
		return;
	if (wire_tcp_verify(c.p, cursor_left(&c),
		    cksum_pseudo4(ip.src, ip.dst, WIRE_IP_TCP, ip.len)) ||
		wire_tcp_parse(&c, &t)) {
		bad(d, "sent a broken segment");
		return;
	}
	if (t.sport != d->port || t.dport != d->peer_port)
		return; /* of one before */
	left = (uint32_t)cursor_left(&c);
	count(d, &t, left);
	if (left && memcmp(bytes_at(t.seq - d->iss - 1), c.p, left))
		bad(d, "sent other bytes than were written");
}

void
side_got(struct side *d, const uint8_t *p, uint32_t len)
{
	if (memcmp(bytes_at(d->first - 1 + d->delivered), p, len))
		bad(d, "delivered other bytes than were sent");
	d->delivered += len;
}

/* --- to the side ----------------------------------------------------------*/

static uint32_t
sequence(struct side *d, const struct step *s)
{
	bool begins_anew =
		(s->flags & WIRE_TCP_SYN) && d->seen.state == SIDE_TIME_WAIT;
	uint32_t at = s->seq;

	if (s->seq_base == SEQ_ACKED)
		at += d->acked - (begins_anew ? d->acked_filled : 0);
	else if (s->seq_base == SEQ_EDGE) /* which a SYN has not */
		at += (s->flags & WIRE_TCP_SYN) || !d->seen.state
			? d->acked + 200000
			: side_edge(d);
	return at;
}

static void
options(const struct side *d, const struct step *s, struct wire_tcp *t)
{
	static const uint32_t future = 1000000;

	t->opts = s->opts;
	t->mss = s->mss;
	t->wscale = s->wscale;
	t->ts_val = d->plan->ts + d->clock + s->ts;
	if (s->echo != ECHO_ZERO)
		t->ts_ecr = d->ts + (s->echo == ECHO_FUTURE ? future : 0);
	t->sacks = s->blocks;
	for (unsigned i = 0; i < s->blocks; i++) {
		t->sack[i].left = d->top + s->block[i].from;
		t->sack[i].right = d->top + s->block[i].to;
	}
	if (wire_tcp_emit_len(t) > WIRE_TCP_LEN_MAX) {
		t->opts &= (uint8_t)~WIRE_TCP_SACK;
		t->sacks = 0;
	}
}

static void
give(struct side *d, uint8_t *frame, uint8_t proto, uint32_t len)
{
	struct wire_eth e = {.type = WIRE_ETH_IPV4};
	struct wire_ipv4 ip = {.src = SIDE_PEER,
		.dst = SIDE_IP,
		.proto = proto,
		.frag = WIRE_IPV4_DF,
		.ttl = 64,
		.len = (uint16_t)len};

	memcpy(e.dst, side_mac, 6);
	memcpy(e.src, side_peer_mac, 6);
	wire_eth_emit(frame, WIRE_ETH_LEN, &e);
	wire_ipv4_emit(frame + WIRE_ETH_LEN, WIRE_IPV4_LEN, &ip);
	d->ops->frame(d, frame, WIRE_ETH_LEN + WIRE_IPV4_LEN + len);
}

/* Whether the peer contradicts itself: text beyond its FIN. */
static void
note_ends(struct side *d, const struct step *s)
{
	const struct side_segment *g = &d->given;

	if (s->flags & WIRE_TCP_RST)
		return;
	if (s->flags & WIRE_TCP_SYN) {
		d->fin_given = false;
		d->text_end = g->end;
		return;
	}
	if ((s->flags & WIRE_TCP_FIN) &&
		(!d->fin_given || (int32_t)(g->end - d->fin_end) < 0)) {
		d->fin_given = true;
		d->fin_end = g->end;
	}
	if ((int32_t)(g->end - d->text_end) > 0)
		d->text_end = g->end;
}

static void
give_segment(struct side *d, const struct step *s, uint32_t seq, uint32_t len)
{
	uint8_t frame[SIDE_ROOM + 64], *seg;
	struct wire_tcp t = {
		.sport = d->peer_port,
		.dport = d->port,
		.flags = s->flags,
		.window = s->window,
		.urgent = s->urgent,
		.seq = d->plan->isn + seq,
	};
	uint32_t n, room = SIDE_MTU - WIRE_IPV4_LEN;

	if (s->flags & WIRE_TCP_SYN)
		d->syn = seq;

	if (s->flags & WIRE_TCP_ACK)
		t.ack = (s->ack_base == ACK_TOP ? d->top : d->iss) + s->ack;
	options(d, s, &t);
	seg = frame + WIRE_ETH_LEN + WIRE_IPV4_LEN;
	n = (uint32_t)wire_tcp_emit(seg, WIRE_TCP_LEN_MAX, &t);
	if (len > room - n)
		len = room - n;
	memcpy(seg + n, bytes_at(seq - 1 + !!(s->flags & WIRE_TCP_SYN)), len);
	d->given = (struct side_segment){.seq = seq,
		.end = seq + len + !!(s->flags & WIRE_TCP_SYN) +
			!!(s->flags & WIRE_TCP_FIN),
		.ack = t.ack - d->iss,
		.len = len,
		.ts = t.ts_val,
		.echo = t.ts_ecr};
	note_ends(d, s);
	n += len;
	be_put16(seg + 16,
		cksum_finish(cksum_partial(seg, n,
			cksum_pseudo4(SIDE_PEER, SIDE_IP, WIRE_IP_TCP,
				(uint16_t)n))));
	give(d, frame, WIRE_IP_TCP, n);
}

/* Data in order, as the window allows, until it is shut. */
static void
fill(struct side *d)
{
	struct step s = {.flags = WIRE_TCP_ACK, .window = 65535};

	if (d->ts)
		s.opts = WIRE_TCP_TS;
	for (unsigned i = 0; i < 200; i++) {
		uint32_t was = d->acked, left = side_edge(d) - was;

		if (!left || left > 1 << 20)
			return;
		give_segment(d, &s, was, left < 1400 ? left : 1400);
		d->ops->look(d);
		if (d->acked == was)
			return;
		d->filled += d->acked - was;
		d->acked_filled += d->acked - was;
		d->filled_to = d->acked - d->first;
	}
}

static void
give_icmp(struct side *d, const struct step *s)
{
	uint8_t frame[SIDE_ROOM], quote[WIRE_IPV4_LEN + WIRE_TCP_LEN];
	struct wire_icmp m = {
		.type = WIRE_ICMP4_UNREACH, .code = s->code, .mtu = 1200};
	struct wire_ipv4 ip = {.src = SIDE_IP,
		.dst = SIDE_PEER,
		.proto = WIRE_IP_TCP,
		.frag = WIRE_IPV4_DF,
		.ttl = 60,
		.len = WIRE_TCP_LEN};
	struct wire_tcp t = {.sport = d->port,
		.dport = d->peer_port,
		.seq = d->iss + s->ack,
		.flags = WIRE_TCP_ACK};
	size_t n;

	wire_ipv4_emit(quote, WIRE_IPV4_LEN, &ip);
	wire_tcp_emit(quote + WIRE_IPV4_LEN, WIRE_TCP_LEN, &t);
	n = wire_icmp4_emit_error(frame + WIRE_ETH_LEN + WIRE_IPV4_LEN, 500, &m,
		quote, sizeof(quote));
	give(d, frame, WIRE_IP_ICMP, (uint32_t)n);
}

/* --- all of it ------------------------------------------------------------*/

int
side_begin(struct side *d, const struct plan *p, uint32_t number)
{
	fill_pattern();
	*d = (struct side){.ops = d->ops,
		.own = d->own,
		.plan = p,
		.port = (uint16_t)(2000 + number / 50000),
		.peer_port = (uint16_t)(10000 + number % 50000)};
	if (d->ops->begin(d))
		return -1;
	d->ops->look(d);
	return 0;
}

void
side_step(struct side *d, const struct step *s)
{
	struct side_seen *v = &d->seen;
	struct step all = *s;

	all.len = 1 << 24;
	d->clock += 1u + s->wait;
	v->resets = v->syns = v->acks = v->data = v->fins = 0;
	v->reset_seq = v->reset_ack = 0;
	v->reset_acks = false;
	v->result = 0;
	d->ops->wait(d, s->wait);
	switch ((enum step_kind)s->kind) {
	case STEP_SEG:
		give_segment(d, s, sequence(d, s), s->len);
		break;
	case STEP_FILL:
		fill(d);
		break;
	case STEP_ICMP:
		give_icmp(d, s);
		break;
	default:
		d->ops->call(d, s->kind == STEP_READ && d->filled ? &all : s);
		break;
	}
	d->ops->look(d);
	if (!v->state) {
		d->acked -= d->acked_filled;
		d->acked_filled = 0;
	}
	v->acked = d->acked - d->acked_filled;
	if (d->filled != d->filled_read && d->delivered >= d->filled_to) {
		v->result -= (int)(d->filled - d->filled_read);
		d->filled_read = d->filled;
	}
	v->delivered = d->delivered - d->filled_read;
	v->eof = d->eof;
	v->top = d->top - d->iss;
}

void
side_end(struct side *d)
{
	static const struct step reset = {.flags = WIRE_TCP_RST};

	give_segment(d, &reset, d->acked, 0);
	d->ops->end(d);
}

void
side_print(FILE *f, const struct side *d)
{
	const struct side_seen *v = &d->seen;

	fprintf(f, "%-10s %-7s ack %u%s got %u%s", side_state_name[v->state],
		side_why_name[v->why], v->acked, v->shut ? " (shut)" : "",
		v->delivered, v->eof ? " (end)" : "");
	if (v->result)
		fprintf(f, " = %d", v->result);
	if (v->acks)
		fprintf(f, " %u ack", v->acks);
	if (v->syns)
		fprintf(f, " %u syn", v->syns);
	if (v->data)
		fprintf(f, " %u data", v->data);
	if (v->fins)
		fprintf(f, " %u fin", v->fins);
	if (v->resets)
		fprintf(f, " %u rst %u%s%u", v->resets, v->reset_seq,
			v->reset_acks ? " a" : " -", v->reset_ack);
}
