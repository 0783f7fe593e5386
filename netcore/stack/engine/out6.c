/* out6.c - tx steps 2 and 3 of 4: the headers of the segments that IPv6's
 * connections send most often, from the connection to the wire at once. */
#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/put4.h"

void
out6_segment(struct stack *s, struct tcb *c, const uint8_t *mac, uint32_t seq,
	uint8_t bits, struct stack_tx_frame *f, uint8_t tos)
{
	put_segment(s, c, mac, seq, bits | ecn_echo_bit(c), f, tos,
		c->flags & TCB_TS, true);
}
