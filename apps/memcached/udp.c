/* udp.c - the frame is of four numbers of 16 bits, the first byte first: the
 * request, which the answer says again; which datagram of it this is, and of
 * how many; and a 0. */
#include "apps/memcached/udp.h"

#include <errno.h>
#include <string.h>

#define FRAME 8
#define ROOM  (UDP_GRAM - FRAME)

static const char too_many[] =
	"SERVER_ERROR multi-packet request not supported\r\n";
static const char too_large[] = "SERVER_ERROR answer too large for UDP\r\n";

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put16(char *p, uint32_t v)
{
	p[0] = (char)(v >> 8);
	p[1] = (char)v;
}

static char *
gram(struct udp *u, uint32_t i)
{
	return u->buf + (size_t)(i % UDP_GRAMS) * UDP_GRAM;
}

/* --- an answer ------------------------------------------------------------*/

/* Datagrams of the answer follow those under way. The number of bytes that
 * found room. */
static size_t
add(struct udp *u, uint32_t *grams, const char *p, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uint32_t i = u->end + *grams - 1;
		size_t n = len - done;

		if (!*grams || u->len[i % UDP_GRAMS] == ROOM) {
			if (u->end + *grams - u->first == UDP_GRAMS)
				return done;
			u->len[++i % UDP_GRAMS] = 0;
			++*grams;
		}
		if (n > (size_t)(ROOM - u->len[i % UDP_GRAMS]))
			n = ROOM - u->len[i % UDP_GRAMS];
		memcpy(gram(u, i) + FRAME + u->len[i % UDP_GRAMS], p + done, n);
		u->len[i % UDP_GRAMS] += (uint16_t)n;
		done += n;
	}
	return done;
}

/* What the parser has said so far, which is its own again. False: no room. */
static bool
take(struct udp *u, uint32_t *grams)
{
	struct answer *a = &u->proto.out;
	unsigned n = answer_unsent(a);
	uint64_t bytes = a->bytes;
	bool good = true;

	for (unsigned i = 0; i < n && good; i++) {
		const struct answer_piece *p = answer_at(a, i);

		good = add(u, grams, p->ptr, p->len) == p->len;
	}
	answer_sent(a, n);
	answer_acked(a, bytes);
	return good;
}

static bool
answer(struct udp *u, uint32_t *grams, const char *p, size_t len)
{
	bool good = true;

	proto_begin(&u->proto, u->command);
	while (len && good && !u->proto.closing) {
		size_t n = proto_read(&u->proto, p, len);

		/* A list that is so long has no room either. */
		good = !u->proto.out.broken && take(u, grams) &&
			!u->proto.pauses;
		p += n;
		len -= n;
	}
	proto_end(&u->proto);
	return good;
}

/* What the network does not take now is lost, as any of them might be. */
static void
send_all(struct udp *u, uint32_t grams, uint16_t request,
	const struct dl_addr *to, uint16_t port)
{
	for (uint32_t i = 0; i < grams; i++) {
		uint32_t len = FRAME + u->len[u->end % UDP_GRAMS];
		char *p = gram(u, u->end);
		struct dl_piece piece = {p, len};

		put16(p, request);
		put16(p + 2, i);
		put16(p + 4, grams);
		put16(p + 6, 0);
		if (dl_udp_send(u->port, to, port, &piece, 1)) {
			u->command->n.send_failed++;
			return;
		}
		u->end++;
		u->command->n.bytes_written += len;
	}
}

/* --- the network ----------------------------------------------------------*/

static void
datagram(struct dl_udp *port, const void *ptr, size_t len,
	const struct dl_addr *from, uint16_t from_port)
{
	struct udp *u = dl_udp_user(port);
	const uint8_t *frame = ptr;
	uint32_t grams = 0;

	u->command->n.bytes_read += len;
	if (len <= FRAME)
		return;
	if (get16(frame + 2) || get16(frame + 4) != 1) {
		add(u, &grams, too_many, sizeof(too_many) - 1);
	} else if (!answer(u, &grams, (const char *)ptr + FRAME, len - FRAME)) {
		grams = 0;
		add(u, &grams, too_large, sizeof(too_large) - 1);
	}
	send_all(u, grams, get16(frame), from, from_port);
	if (u->command->shutdown)
		dl_quit(dl_udp_core(port), 0);
}

static void
sent(struct dl_udp *port, unsigned n)
{
	((struct udp *)dl_udp_user(port))->first += n;
}

static const struct dl_udp_handler handler = {
	.datagram = datagram,
	.sent = sent,
};

int
udp_open(struct udp *u, struct dl *dl, const struct dl_addr *addr,
	uint16_t port, struct command *command)
{
	u->command = command;
	u->buf = dl_alloc(dl, UDP_BYTES);
	if (!u->buf)
		return -ENOMEM;
	return dl_udp_open(dl, addr, port, &handler, u, &u->port);
}
