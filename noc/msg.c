/* msg.c - the rules of each message, as data; one walk over them. */
#include "dlibos/base/bits.h"
#include "noc/msg.h"

enum ref_kind {
	REF_ZERO,
	REF_DATA,     /* inside the partition, not empty */
	REF_COUNT,    /* 1 .. LIMIT_PART_MAX */
	REF_ENDPOINT, /* 48 bits, a port */
	REF_COOKIE,   /* 32 bits */
	REF_REASON,
	REF_OPTION, /* 32 bits */
	REF_ANY,
};

enum arg_kind {
	ARG_ZERO,
	ARG_ANY,
	ARG_REASON,
	ARG_SHUT,
	ARG_OPTION,
};

struct rule {
	const char *name;
	uint8_t way;
	uint8_t flags; /* those allowed */
	uint8_t arg;
	uint8_t ref;
	bool conn; /* whether conn means anything; else it is zero */
};

#define E MSG_EVENT
#define C MSG_COMMAND

static const struct rule rules[MSG_TYPES] = {
	[MSG_NEW_CONN] = {"new_conn", E, MSGF_MORE | MSGF_V6, ARG_ANY,
		REF_ENDPOINT, true},
	[MSG_NEW_DATA] = {"new_data", E, MSGF_MORE, ARG_ZERO, REF_DATA, true},
	[MSG_DATA_ACKED] = {"data_acked", E, 0, ARG_ZERO, REF_COUNT, true},
	[MSG_REMOTE_CLOSED] = {"remote_closed", E, 0, ARG_ZERO, REF_ZERO, true},
	[MSG_CLEANUP] = {"cleanup", E, 0, ARG_REASON, REF_ZERO, true},
	[MSG_CONNECTED] = {"connected", E, 0, ARG_ZERO, REF_COOKIE, true},
	[MSG_CONNECT_FAILED] = {"connect_failed", E, 0, ARG_REASON, REF_COOKIE,
		false},
	[MSG_LISTENING] = {"listening", E, 0, ARG_ANY, REF_ZERO, false},
	[MSG_LISTEN_CLOSED] = {"listen_closed", E, 0, ARG_ANY, REF_REASON,
		false},
	[MSG_PONG] = {"pong", E, 0, ARG_ANY, REF_ANY, true},
	[MSG_UDP_DATA] = {"udp_data", E, MSGF_MORE | MSGF_V6, ARG_ANY,
		REF_ENDPOINT, false},
	[MSG_UDP_SENT] = {"udp_sent", E, 0, ARG_ANY, REF_COUNT, false},

	[MSG_ACCEPT] = {"accept", C, 0, ARG_ANY, REF_ZERO, true},
	[MSG_CONNECT] = {"connect", C, MSGF_MORE | MSGF_V6, ARG_ZERO,
		REF_ENDPOINT, true},
	[MSG_RECV_DONE] = {"recv_done", C, 0, ARG_ZERO, REF_COUNT, true},
	[MSG_SEND] = {"send", C, MSGF_MORE | MSGF_HOLD | MSGF_FIN, ARG_ZERO,
		REF_DATA, true},
	[MSG_SHUTDOWN] = {"shutdown", C, 0, ARG_SHUT, REF_ZERO, true},
	[MSG_CLOSE] = {"close", C, MSGF_ABORT, ARG_ZERO, REF_ZERO, true},
	[MSG_LISTEN] = {"listen", C, MSGF_MORE | MSGF_V6 | MSGF_UDP, ARG_ANY,
		REF_ENDPOINT, false},
	[MSG_UNLISTEN] = {"unlisten", C, 0, ARG_ANY, REF_ZERO, false},
	[MSG_SET_OPTION] = {"set_option", C, 0, ARG_OPTION, REF_OPTION, true},
	[MSG_PING] = {"ping", C, 0, ARG_ANY, REF_ANY, true},
	[MSG_UDP_SEND] = {"udp_send", C, MSGF_MORE | MSGF_V6, ARG_ANY,
		REF_ENDPOINT, false},
	[MSG_UDP_DONE] = {"udp_done", C, 0, ARG_ZERO, REF_COUNT, false},

	[MSG_TELL] = {"tell", MSG_MATE, 0, ARG_ZERO, REF_ANY, true},
};

/* MSG_ADDR and MSG_PIECE have no rule: they are legal only where
 * check_endpoint() looks for them. */

static const char *const bads[MSG_BADS] = {
	[MSG_BAD_TYPE] = "type",
	[MSG_BAD_WAY] = "direction",
	[MSG_BAD_FLAGS] = "flags",
	[MSG_BAD_ARG] = "arg",
	[MSG_BAD_CONN] = "conn",
	[MSG_BAD_REF] = "ref",
	[MSG_BAD_RUN] = "run",
};

static const char *const reasons[MSG_REASONS] = {
	[MSG_WHY_CLOSED] = "closed",
	[MSG_WHY_REFUSED] = "refused",
	[MSG_WHY_RESET] = "reset",
	[MSG_WHY_TIMEOUT] = "timed out",
	[MSG_WHY_UNREACHABLE] = "unreachable",
	[MSG_WHY_NO_MEMORY] = "out of memory",
	[MSG_WHY_IN_USE] = "in use",
	[MSG_WHY_NOT_ALLOWED] = "not allowed",
	[MSG_WHY_NO_PORT] = "no port",
	[MSG_WHY_NET_DIED] = "network core died",
};

const char *
msg_name(unsigned type)
{
	if (type == MSG_ADDR)
		return "addr";
	if (type == MSG_PIECE)
		return "piece";
	return type < MSG_TYPES && rules[type].name ? rules[type].name : "?";
}

const char *
msg_bad_name(unsigned bad)
{
	return bad < MSG_BADS && bads[bad] ? bads[bad] : "?";
}

const char *
msg_reason_name(unsigned reason)
{
	return reason < MSG_REASONS ? reasons[reason] : "?";
}

static bool
arg_ok(enum arg_kind kind, unsigned arg)
{
	switch (kind) {
	case ARG_ZERO:
		return arg == 0;
	case ARG_ANY:
		return true;
	case ARG_REASON:
		return arg < MSG_REASONS;
	case ARG_SHUT:
		return arg >= 1 && arg <= (MSG_SHUT_RD | MSG_SHUT_WR);
	case ARG_OPTION:
		return arg < MSG_OPTIONS;
	}
	return false;
}

static bool
ref_ok(enum ref_kind kind, const struct msg *m, uint64_t bytes)
{
	uint64_t ref = m->ref;
	uint32_t len = msg_len(m);

	switch (kind) {
	case REF_DATA: /* a length within, then an offset that leaves room */
		return !(ref >> 63) && len && len <= bytes &&
			msg_offset(m) <= bytes - len;
	case REF_ZERO:
		return ref == 0;
	case REF_COUNT:
		return ref && ref <= LIMIT_PART_MAX;
	case REF_ENDPOINT:
		return !(ref >> 48) && msg_port(m) &&
			!((m->flags & MSGF_V6) && msg_ip4(m));
	case REF_COOKIE:
	case REF_OPTION:
		return !(ref >> 32);
	case REF_REASON:
		return ref < MSG_REASONS;
	case REF_ANY:
		return !(ref >> 63);
	}
	return false;
}

static int
check_slot(const struct rule *r, const struct msg *m, uint64_t bytes)
{
	if (m->flags & ~r->flags)
		return -MSG_BAD_FLAGS;
	if (!arg_ok(r->arg, m->arg))
		return -MSG_BAD_ARG;
	if (!r->conn && m->conn)
		return -MSG_BAD_CONN;
	if (!ref_ok(r->ref, m, bytes))
		return -MSG_BAD_REF;
	return 1;
}

/* Whether a datagram may follow its endpoint. */
static bool
has_pieces(const struct msg *m)
{
	return m->type == MSG_UDP_DATA || m->type == MSG_UDP_SEND;
}

/* The two address slots behind an endpoint. */
static int
check_addr6(const struct msg *m, unsigned n)
{
	if (!(m->flags & MSGF_MORE) || n < 3)
		return -MSG_BAD_RUN;
	for (unsigned i = 1; i <= 2; i++) {
		uint8_t more = i == 1 || has_pieces(m) ? MSGF_MORE : 0;

		if (m[i].type != MSG_ADDR)
			return -MSG_BAD_RUN;
		if ((m[i].flags & ~more) ||
			(i == 1 && !(m[i].flags & MSGF_MORE)))
			return -MSG_BAD_FLAGS;
		if (m[i].arg != i - 1)
			return -MSG_BAD_ARG;
		if (m[i].ref >> 32)
			return -MSG_BAD_REF;
	}
	return 3;
}

/* An endpoint, its address, and the pieces of a datagram. */
__attribute__((noinline)) static int
check_endpoint(const struct msg *m, unsigned n, uint64_t bytes)
{
	static const struct rule piece = {
		.flags = MSGF_MORE, .arg = ARG_ZERO, .ref = REF_DATA};
	int at = 1, rc;

	if (m->flags & MSGF_V6)
		at = check_addr6(m, n);
	else if ((m->flags & MSGF_MORE) && !has_pieces(m))
		return -MSG_BAD_FLAGS;
	for (; at > 0 && (m[at - 1].flags & MSGF_MORE); at++) {
		if ((unsigned)at == n || at == LIMIT_RUN ||
			m[at].type != MSG_PIECE)
			return -MSG_BAD_RUN;
		rc = check_slot(&piece, &m[at], bytes);
		if (rc < 0)
			return rc;
	}
	return at;
}

/* The rest of a scatter/gather array: more of the same. */
static int
check_array(
	const struct rule *r, const struct msg *m, unsigned n, uint64_t bytes)
{
	for (unsigned i = 1; i < n && i < LIMIT_RUN; i++) {
		int rc;

		if (m[i].type != m->type)
			return -MSG_BAD_RUN;
		if (m[i].conn != m->conn)
			return -MSG_BAD_CONN;
		rc = check_slot(r, &m[i], bytes);
		if (rc < 0)
			return rc;
		if (!(m[i].flags & MSGF_MORE))
			return (int)i + 1;
	}
	return -MSG_BAD_RUN;
}

int
msg_check(const struct msg *m, unsigned n, enum msg_way way, uint64_t bytes)
{
	const struct rule *r;
	int rc;

	if (unlikely(m->type >= MSG_TYPES || !rules[m->type].name))
		return m->type == MSG_ADDR || m->type == MSG_PIECE
			? -MSG_BAD_RUN
			: -MSG_BAD_TYPE;
	r = &rules[m->type];
	if (r->way != way)
		return -MSG_BAD_WAY;
	rc = check_slot(r, m, bytes);
	if (rc < 0)
		return rc;
	if (r->ref == REF_ENDPOINT)
		return check_endpoint(m, n, bytes);
	return m->flags & MSGF_MORE ? check_array(r, m, n, bytes) : 1;
}

static uint64_t
half_of(const uint8_t *addr)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | addr[i];
	return v;
}

void
msg_put_addr6(struct msg m[2], const uint8_t addr[16])
{
	for (unsigned i = 0; i < 2; i++) {
		uint64_t v = half_of(addr + 8 * i);

		m[i] = (struct msg){
			.type = MSG_ADDR,
			.flags = i ? 0 : MSGF_MORE,
			.arg = (uint16_t)i,
			.conn = (uint32_t)(v >> 32),
			.ref = (uint32_t)v,
		};
	}
}

void
msg_get_addr6(const struct msg m[2], uint8_t addr[16])
{
	for (unsigned i = 0; i < 16; i++) {
		const struct msg *h = &m[i / 8];
		uint64_t v = (uint64_t)h->conn << 32 | (uint32_t)h->ref;

		addr[i] = (uint8_t)(v >> (56 - 8 * (i % 8)));
	}
}
