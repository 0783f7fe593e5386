/* host.c - an engine's surroundings. */
#include "netcore/stack/engine/test/host.h"

#include <stdlib.h>
#include <string.h>

struct ip_addr
host_ip4(uint32_t n)
{
	return ip_addr_v4(0x0a000000u + n);
}

struct ip_addr
host_ip6(uint32_t n)
{
	return (struct ip_addr){0xfd00ull << 48, n};
}

void
host_mac(uint8_t mac[6], uint8_t n)
{
	const uint8_t local[6] = {2, 0, 0, 0, 0, n};

	memcpy(mac, local, 6);
}

/* --- upcalls that do nothing ----------------------------------------------*/

static void
some_conn(void *arg, stack_conn c, uint64_t user)
{
	(void)arg, (void)c, (void)user;
}

static void
some_data(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr,
	uint32_t len, void *buf)
{
	(void)arg, (void)c, (void)user, (void)ptr, (void)len, (void)buf;
}

static void
some_bytes(void *arg, stack_conn c, uint64_t user, uint32_t bytes)
{
	(void)arg, (void)c, (void)user, (void)bytes;
}

static void
some_end(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	(void)arg, (void)c, (void)user, (void)why;
}

static void
some_datagram(void *arg, const struct stack_datagram *d)
{
	(void)arg, (void)d;
}

static void
some_buffer(void *arg, void *buf)
{
	(void)arg, (void)buf;
}

struct stack_ops
host_ops(struct stack_ops o)
{
	o.accepted = o.accepted ? o.accepted : some_conn;
	o.connected = o.connected ? o.connected : some_conn;
	o.data = o.data ? o.data : some_data;
	o.acked = o.acked ? o.acked : some_bytes;
	o.remote_closed = o.remote_closed ? o.remote_closed : some_conn;
	o.closed = o.closed ? o.closed : some_end;
	o.datagram = o.datagram ? o.datagram : some_datagram;
	o.release = o.release ? o.release : some_buffer;
	return o;
}

/* --- an engine ------------------------------------------------------------*/

/* The stack stands at the beginning of its memory. */
struct stack *
host_new(const struct stack_config *c, const struct stack_ops *ops, void *arg,
	uint64_t now)
{
	size_t bytes = (stack_bytes(c) + 63) & ~(size_t)63;
	void *mem = aligned_alloc(64, bytes);

	if (!mem)
		abort();
	memset(mem, 0, bytes);
	return stack_init(mem, c, ops, arg, now);
}

void
host_free(struct stack *s)
{
	free(s);
}

/* --- frames ---------------------------------------------------------------*/

uint32_t
host_frame(const struct stack_tx_frame *f, uint8_t *to, size_t size)
{
	uint32_t len = f->header_len;

	if (len + f->len > size)
		abort();
	if (to != f->headers)
		memcpy(to, f->headers, len);
	for (unsigned i = 0; i < f->pieces; i++) {
		memcpy(to + len, f->piece[i].ptr, f->piece[i].len);
		len += f->piece[i].len;
	}
	return len;
}

bool
host_rx(struct stack *s, const uint8_t *frame, uint32_t len, uint64_t now)
{
	uint8_t *copy = malloc(len);
	struct stack_rx_frame f = {.data = copy, .len = len, .buf = copy};

	memcpy(copy, frame, len);
	stack_rx(s, &f, 1, now);
	if (!f.kept)
		free(copy);
	return f.kept;
}
