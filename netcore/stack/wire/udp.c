/* udp.c - the UDP header. */
#include "netcore/stack/wire/udp.h"

#include "netcore/stack/cksum.h"

enum wire_bad
wire_udp_parse(struct cursor *c, bool v6, struct wire_udp *u)
{
	const uint8_t *p = cursor_take(c, WIRE_UDP_LEN);
	size_t len;

	if (!p)
		return WIRE_BAD_UDP_SHORT;
	len = be_get16(p + 4);
	if (len < WIRE_UDP_LEN || !cursor_cut(c, len - WIRE_UDP_LEN))
		return WIRE_BAD_UDP_LENGTH;
	u->sport = be_get16(p);
	u->dport = be_get16(p + 2);
	u->len = (uint16_t)(len - WIRE_UDP_LEN);
	u->cksum = be_get16(p + 6);
	return v6 && !u->cksum ? WIRE_BAD_UDP_NO_CKSUM : WIRE_OK;
}

enum wire_bad
wire_udp_verify(const uint8_t *dgram, size_t len, uint64_t pseudo)
{
	if (len < WIRE_UDP_LEN)
		return WIRE_BAD_UDP_SHORT;
	if (be_get16(dgram + 6) == 0)
		return WIRE_OK;
	return cksum_ok(dgram, len, pseudo) ? WIRE_OK : WIRE_BAD_UDP_CKSUM;
}

size_t
wire_udp_emit(uint8_t *buf, size_t size, const struct wire_udp *u)
{
	if (size < WIRE_UDP_LEN || u->len > 65535 - WIRE_UDP_LEN)
		return 0;
	be_put16(buf, u->sport);
	be_put16(buf + 2, u->dport);
	be_put16(buf + 4, (uint16_t)(u->len + WIRE_UDP_LEN));
	be_put16(buf + 6, u->cksum);
	return WIRE_UDP_LEN;
}
