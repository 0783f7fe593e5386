/* ip_out.c - tx step 3 of 4: the headers in front of a segment, by family, and
 * its checksum. */
#include <string.h>

#include "netcore/stack/engine/put4.h"

void
ip_out_tcp(struct stack *s, const struct flow_key *k, const uint8_t *mac,
	struct wire_tcp *t, struct stack_tx_frame *f, uint8_t tos)
{
	bool v4 = flow_key_is4(k);
	size_t l4 = WIRE_ETH_LEN + (v4 ? WIRE_IPV4_LEN : WIRE_IPV6_LEN), n;
	uint8_t *p = f->headers;
	struct cksum sum = {0};
	uint16_t c;

	put_eth(s, mac, v4 ? WIRE_ETH_IPV4 : WIRE_ETH_IPV6, p);
	n = wire_tcp_emit(p + l4, STACK_HEADERS - l4, t);
	if (likely(v4))
		sum.sum = put_ipv4(
			s, k, (uint32_t)n + f->len, tos, p + WIRE_ETH_LEN);
	else
		sum.sum = put_ipv6(
			k, (uint32_t)n + f->len, tos, p + WIRE_ETH_LEN);
	if (s->cfg.tx_cksum) {
		c = cksum_fold(sum.sum);
		f->flags |= STACK_TX_CKSUM;
	} else {
		sum.sum = cksum_partial_plain(p + l4, n, sum.sum);
		for (unsigned i = 0; i < f->pieces; i++)
			cksum_add(&sum, f->piece[i].ptr, f->piece[i].len);
		c = (uint16_t)~cksum_fold(sum.sum);
	}
	memcpy(p + l4 + 16, &c, 2);
	f->l3 = WIRE_ETH_LEN;
	f->l4 = (uint16_t)l4;
	f->header_len = (uint16_t)(l4 + n);
	s->count.tx_frames++;
	s->count.tx_bytes += f->header_len + f->len;
}
