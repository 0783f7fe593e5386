/* eth.c - all but plain IPv4: tags, and what is no Ethernet II. */
#include "netcore/stack/wire/eth.h"

enum wire_bad
wire_eth_parse_odd(struct cursor c, struct wire_eth *e)
{
	const uint8_t *p = cursor_take(&c, WIRE_ETH_LEN);

	if (!p)
		return WIRE_BAD_ETH_SHORT;
	memcpy(e->both, p, sizeof(e->both));
	e->type = be_get16(p + 12);
	e->tci = 0;
	e->tagged = e->type == WIRE_ETH_VLAN;
	if (e->tagged) {
		p = cursor_take(&c, WIRE_ETH_TAG_LEN);
		if (!p)
			return WIRE_BAD_ETH_SHORT;
		e->tci = be_get16(p);
		e->type = be_get16(p + 2);
	}
	if (e->type == WIRE_ETH_VLAN || e->type == WIRE_ETH_QINQ)
		return WIRE_BAD_ETH_VLAN;
	return e->type < 0x600 ? WIRE_BAD_ETH_TYPE : WIRE_OK;
}
