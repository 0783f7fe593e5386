/* plan.c - plans, from peers that are mostly right to such as never are. Most
 * begin with a handshake, for what follows one is where the states are. */
#include "netcore/stack/engine/test/differ/plan.h"

#include <string.h>

#include "netcore/stack/wire/tcp.h"

#define SYN WIRE_TCP_SYN
#define ACK WIRE_TCP_ACK
#define FIN WIRE_TCP_FIN
#define RST WIRE_TCP_RST

struct maker {
	struct plan *p;
	uint64_t random;
	uint8_t opts;  /* of the peer's SYN */
	bool written;  /* there is more than a SYN to acknowledge */
	unsigned evil; /* percent of segments that are bent */
};

/* --- chance ---------------------------------------------------------------*/

/* splitmix64: any seed is a good one. No expression asks twice whose order is
 * the compiler's: a seed is the same plan everywhere. */
static uint64_t
next(struct maker *m)
{
	uint64_t z = m->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t
below(struct maker *m, uint32_t n)
{
	return (uint32_t)(next(m) % n);
}

static bool
percent(struct maker *m, unsigned n)
{
	return below(m, 100) < n;
}

#define PICK(m, ...)                                       \
	((uint32_t)((const int32_t[]){__VA_ARGS__})[below( \
		m, sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))])

/* --- segments -------------------------------------------------------------*/

static struct step *
add(struct maker *m, enum step_kind kind)
{
	static struct step none;
	struct step *s =
		m->p->steps < PLAN_STEPS ? &m->p->step[m->p->steps++] : &none;

	memset(s, 0, sizeof(*s));
	s->kind = (uint8_t)kind;
	s->wait = percent(m, 2) ? (uint8_t)(1 + below(m, 3)) : 0;
	return s;
}

/* What a good peer would send next; timestamps if it has agreed on them. */
static struct step *
segment(struct maker *m, uint8_t flags, uint32_t len)
{
	struct step *s = add(m, STEP_SEG);

	s->flags = flags;
	s->len = len;
	s->window = 65535;
	s->opts = m->opts & WIRE_TCP_TS;
	return s;
}

static uint32_t
some(struct maker *m)
{
	return PICK(m, 1, 1, 10, 100, 536, 1000, 1448, 1460);
}

static struct step *
syn(struct maker *m, uint8_t flags)
{
	struct step *s = segment(m, SYN | flags, 0);

	s->seq_base = SEQ_ISN;
	s->opts = m->opts;
	s->mss = (uint16_t)PICK(
		m, 1460, 1460, 1460, 1400, 536, 9000, 65535, 64, 1, 0);
	s->wscale = (uint8_t)PICK(m, 0, 2, 7, 7, 14);
	s->window = (uint16_t)PICK(m, 65535, 65535, 65535, 14600, 1000, 0);
	if (flags & ACK)
		s->ack_base = ACK_TOP;
	else
		s->echo = ECHO_ZERO;
	return s;
}

/* --- faults ---------------------------------------------------------------*/

static void
bend_seq(struct maker *m, struct step *s)
{
	switch (below(m, 6)) {
	case 0:
		s->seq += PICK(m, -1, -1, -10, -1000, -3000);
		break;
	case 1:
		s->seq += PICK(m, 1, 1, 10, 500, 1448, 3000, 5000);
		break;
	case 2:
		s->seq += PICK(m, 1 << 20, -(1 << 20), 0x40000000, -0x40000000,
			0x7fffffff, INT32_MIN);
		break;
	case 3:
		s->seq_base = SEQ_ISN;
		s->seq = PICK(m, -1, 0, 0, 1, 1);
		break;
	case 4:
		s->seq_base = SEQ_EDGE;
		s->seq = PICK(m, 0, -1, 1, -10, -1000);
		break;
	default:
		s->seq = (uint32_t)next(m);
		break;
	}
}

static void
bend_ack(struct maker *m, struct step *s)
{
	switch (below(m, 4)) {
	case 0:
		s->ack += PICK(m, 1, 1, 100, 1 << 20, 0x40000000);
		break;
	case 1:
		s->ack -= PICK(m, 1, 1, 100, 1 << 17, 1 << 30);
		break;
	case 2:
		s->ack_base = ACK_ISS;
		s->ack = PICK(m, -1, 0, 0, 1, 1, 2);
		break;
	default:
		s->ack = (uint32_t)next(m);
		break;
	}
}

static void
bend_ts(struct maker *m, struct step *s)
{
	if (percent(m, 30)) {
		s->opts ^= WIRE_TCP_TS;
		return;
	}
	s->ts = PICK(
		m, -1, -2, -5, -1000, -100000, 0x40000000, INT32_MIN, 1000);
	s->echo = (uint8_t)below(m, ECHO_KINDS);
}

static void
bend_flags(struct maker *m, struct step *s)
{
	if (percent(m, 15))
		s->flags = (uint8_t)below(m, 64);
	else
		s->flags ^= (uint8_t)PICK(m, SYN, SYN, FIN, FIN, RST, RST, ACK,
			WIRE_TCP_URG, WIRE_TCP_PSH, SYN | ACK);
	s->urgent = (uint16_t)PICK(m, 0, 1, 5, 65535);
}

static void
bend_sack(struct maker *m, struct step *s)
{
	s->opts |= WIRE_TCP_SACK;
	s->blocks = (uint8_t)(1 + below(m, PLAN_BLOCKS));
	for (unsigned i = 0; i < s->blocks; i++) {
		s->block[i].from =
			PICK(m, -2000, -1000, -100, -1, 0, 1, 5000, 1 << 20);
		s->block[i].to =
			s->block[i].from + PICK(m, 1, 100, 1000, 0, -100);
	}
}

static void
bend(struct maker *m, struct step *s)
{
	do {
		switch (below(m, 11)) {
		case 0:
		case 1:
		case 2:
			bend_seq(m, s);
			break;
		case 3:
		case 4:
			bend_ack(m, s);
			break;
		case 5:
		case 6:
			bend_flags(m, s);
			break;
		case 7:
			bend_ts(m, s);
			break;
		case 8:
			bend_sack(m, s);
			break;
		case 9:
			s->window = (uint16_t)PICK(m, 0, 0, 1, 500, 65535);
			break;
		default:
			s->len = percent(m, 50) ? some(m) : 0;
			break;
		}
	} while (percent(m, 25));
}

/* --- beginnings -----------------------------------------------------------*/

static void
open_passive(struct maker *m)
{
	struct step *s = syn(m, 0);

	if (percent(m, 5))
		bend(m, s);
	if (percent(m, 15)) /* its answer was lost */
		syn(m, 0);
	if (percent(m, 25)) {
		s = segment(m, ACK, percent(m, 50) ? some(m) : 0);
		bend(m, s);
	}
	if (percent(m, 8))
		bend(m, syn(m, 0));
	if (percent(m, 90)) {
		s = segment(m, ACK, percent(m, 20) ? some(m) : 0);
		s->flags |= percent(m, 3) ? FIN : 0;
	}
}

static void
open_active(struct maker *m)
{
	if (percent(m, 25))
		bend(m, percent(m, 50) ? segment(m, ACK, 0) : syn(m, ACK));
	if (percent(m, 20)) { /* both at the same time */
		syn(m, 0);
		if (percent(m, 25))
			bend(m, syn(m, ACK));
		if (percent(m, 50))
			syn(m, ACK);
		else
			segment(m, ACK, 0);
	} else if (percent(m, 95)) {
		syn(m, ACK);
		if (percent(m, 10))
			syn(m, ACK); /* again */
	} else {
		segment(m, ACK | RST, 0)->seq_base = SEQ_ISN;
	}
}

/* --- the middle -----------------------------------------------------------*/

static void
peer_says(struct maker *m)
{
	struct step *s;
	unsigned what = below(m, 100);

	if (what < 40) { /* the next bytes */
		s = segment(m, ACK | WIRE_TCP_PSH, some(m));
	} else if (what < 60) { /* bytes too early */
		s = segment(m, ACK, some(m));
		s->seq = PICK(m, 1, 100, 1000, 1448, 2000, 3000, 4500);
	} else if (what < 70) { /* old and new ones */
		s = segment(m, ACK, some(m));
		s->seq = PICK(m, -1, -5, -100, -1000, -1460);
	} else if (what < 82) {
		s = segment(m, ACK, 0);
		if (m->written && percent(m, 40))
			s->ack -= PICK(m, 1, 1, 100, 1000);
	} else if (what < 90) {
		s = segment(m, FIN | ACK, percent(m, 30) ? some(m) : 0);
		s->seq = PICK(m, 0, 0, 0, 0, 100, 1000);
	} else if (what < 93) {
		s = segment(m, RST | (percent(m, 30) ? ACK : 0), 0);
		s->seq = PICK(m, 0, 0, 1, 1000, -1);
	} else if (what < 97) {
		s = syn(m, percent(m, 50) ? ACK : 0);
		if (percent(m, 50)) { /* a new life, or so it thinks */
			s->seq_base = SEQ_ACKED;
			s->seq = PICK(m, 0, 1, 1000, 1 << 20, -1000);
		}
	} else {
		s = segment(m, ACK, 0);
		s->window = 0;
	}
	if (percent(m, m->evil))
		bend(m, s);
}

static void
program_does(struct maker *m)
{
	unsigned what = below(m, 100);
	uint32_t len = some(m), read = PICK(m, 1, 100, 2000, 1 << 20);

	m->written |= what < 40;
	if (what < 40)
		add(m, STEP_WRITE)->len = len;
	else if (what < 75)
		add(m, STEP_READ)->len = read;
	else if (what < 87)
		add(m, STEP_SHUT);
	else if (what < 97)
		add(m, STEP_CLOSE);
	else
		add(m, STEP_ABORT);
}

static void
icmp(struct maker *m)
{
	struct step *s = add(m, STEP_ICMP);

	s->code = (uint8_t)PICK(m, 0, 1, 2, 3, 3, 4, 13);
	s->ack_base = ACK_ISS;
	s->ack = PICK(m, 0, 0, 1, 1, -1, 1 << 20);
}

static void
ordinary_end(struct maker *m)
{
	bool first = percent(m, 50), half = percent(m, 50);
	bool late = percent(m, 20);

	if (first)
		add(m, half ? STEP_SHUT : STEP_CLOSE);
	if (percent(m, 30))
		segment(m, ACK, 0);
	segment(m, FIN | ACK, 0)->ack = first && late ? -1u : 0;
	if (!first)
		add(m, half ? STEP_SHUT : STEP_CLOSE);
	segment(m, ACK, 0);
}

void
plan_make(struct plan *p, uint64_t seed)
{
	struct maker m = {.p = p, .random = seed};
	unsigned n, body;

	memset(p, 0, sizeof(*p));
	p->seed = seed;
	p->active = percent(&m, 30);
	p->no_listen = !p->active && percent(&m, 3);
	p->isn =
		percent(&m, 30) ? 0u - 1 - below(&m, 2000) : (uint32_t)next(&m);
	p->ts = percent(&m, 20) ? 0u - below(&m, 20) : (uint32_t)next(&m);
	m.opts |= percent(&m, 60) ? WIRE_TCP_TS : 0;
	m.opts |= percent(&m, 90) ? WIRE_TCP_MSS : 0;
	m.opts |= percent(&m, 70) ? WIRE_TCP_SACK_OK : 0;
	m.opts |= percent(&m, 70) ? WIRE_TCP_WSCALE : 0;
	m.evil = PICK(&m, 5, 20, 40, 70);
	if (!percent(&m, 4)) {
		if (p->active)
			open_active(&m);
		else
			open_passive(&m);
	}
	body = 3 + below(&m, 20);
	n = percent(&m, 30) ? below(&m, body) : body;
	for (unsigned i = 0; i < body; i++) {
		if (i == n)
			ordinary_end(&m);
		else if (percent(&m, 1))
			add(&m, STEP_FILL);
		else if (percent(&m, 3))
			icmp(&m);
		else if (percent(&m, 70))
			peer_says(&m);
		else
			program_does(&m);
	}
}

void
plan_drop(struct plan *p, unsigned i)
{
	memmove(&p->step[i], &p->step[i + 1],
		(p->steps - i - 1) * sizeof(p->step[0]));
	p->steps--;
}

/* --- text -----------------------------------------------------------------*/

static void
print_segment(FILE *f, const struct step *s)
{
	static const char *const seq[] = {"next", "isn", "edge"};
	static const char *const ack[] = {"top", "iss"};
	static const char *const echo[] = {"", ",0", ",future"};
	static const char bits[] = "FSRPAU";

	for (unsigned i = 0; bits[i]; i++)
		if (s->flags >> i & 1)
			fputc(bits[i], f);
	fprintf(f, " seq=%s%+d", seq[s->seq_base], (int)s->seq);
	if (s->flags & WIRE_TCP_ACK)
		fprintf(f, " ack=%s%+d", ack[s->ack_base], (int)s->ack);
	fprintf(f, " len=%u win=%u", s->len, s->window);
	if (s->opts & WIRE_TCP_TS)
		fprintf(f, " ts%+d%s", (int)s->ts, echo[s->echo]);
	if (s->opts & WIRE_TCP_MSS)
		fprintf(f, " mss=%u", s->mss);
	if (s->opts & WIRE_TCP_WSCALE)
		fprintf(f, " ws=%u", s->wscale);
	if (s->opts & WIRE_TCP_SACK_OK)
		fprintf(f, " sackok");
	for (unsigned i = 0; i < s->blocks; i++)
		fprintf(f, " sack=%+d:%+d", (int)s->block[i].from,
			(int)s->block[i].to);
	if (s->urgent)
		fprintf(f, " urg=%u", s->urgent);
}

void
plan_print(FILE *f, const struct step *s)
{
	static const char *const name[] = {"", "fill", "icmp", "write", "read",
		"shutdown", "close", "abort"};

	if (s->wait)
		fprintf(f, "(%u ms) ", s->wait);
	switch (s->kind) {
	case STEP_SEG:
		print_segment(f, s);
		break;
	case STEP_ICMP:
		fprintf(f, "icmp unreachable %u of iss%+d", s->code,
			(int)s->ack);
		break;
	case STEP_WRITE:
	case STEP_READ:
		fprintf(f, "%s %u", name[s->kind], s->len);
		break;
	default:
		fprintf(f, "%s", name[s->kind]);
		break;
	}
}
