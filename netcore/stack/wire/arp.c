/* arp.c - ARP for IPv4 over Ethernet. */
#include "netcore/stack/wire/arp.h"

/* Hardware type 1, protocol 0x0800, their lengths 6 and 4. */
static const uint8_t form[6] = {0, 1, 8, 0, 6, 4};

enum wire_bad
wire_arp_parse(struct cursor *c, struct wire_arp *a)
{
	const uint8_t *p = cursor_take(c, WIRE_ARP_LEN);

	if (!p)
		return WIRE_BAD_ARP_SHORT;
	if (memcmp(p, form, sizeof(form)))
		return WIRE_BAD_ARP_FORM;
	a->op = be_get16(p + 6);
	if (a->op != WIRE_ARP_REQUEST && a->op != WIRE_ARP_REPLY)
		return WIRE_BAD_ARP_OP;
	memcpy(a->sha, p + 8, 6);
	a->spa = be_get32(p + 14);
	memcpy(a->tha, p + 18, 6);
	a->tpa = be_get32(p + 24);
	return a->sha[0] & 1 ? WIRE_BAD_ARP_SENDER : WIRE_OK;
}

size_t
wire_arp_emit(uint8_t *buf, size_t size, const struct wire_arp *a)
{
	if (size < WIRE_ARP_LEN)
		return 0;
	memcpy(buf, form, sizeof(form));
	be_put16(buf + 6, a->op);
	memcpy(buf + 8, a->sha, 6);
	be_put32(buf + 14, a->spa);
	memcpy(buf + 18, a->tha, 6);
	be_put32(buf + 24, a->tpa);
	return WIRE_ARP_LEN;
}
