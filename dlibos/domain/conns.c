/* conns.c - records that one writes while others read.
 *
 * [W1] seq is odd before the first word changes
 * [W2] seq is even again, and another, after the last has
 *
 * A reader that sees the same even number before and after its copy has one
 * record. Words are loaded and stored one by one with acquire and release: that
 * keeps both orders, and is plain moves on x86.
 */
#include <string.h>

#include "dlibos/base/atomic.h"
#include "dlibos/domain/conns.h"

#define LOOKS 8 /* at a record that is being written */

static const char *const names[DOMAIN_CONN_STATES] = {
	[DOMAIN_CONN_SYN_SENT] = "SYN-SENT",
	[DOMAIN_CONN_SYN_RECEIVED] = "SYN-RECEIVED",
	[DOMAIN_CONN_ESTABLISHED] = "ESTABLISHED",
	[DOMAIN_CONN_CLOSE_WAIT] = "CLOSE-WAIT",
	[DOMAIN_CONN_FIN_WAIT_1] = "FIN-WAIT-1",
	[DOMAIN_CONN_FIN_WAIT_2] = "FIN-WAIT-2",
	[DOMAIN_CONN_CLOSING] = "CLOSING",
	[DOMAIN_CONN_LAST_ACK] = "LAST-ACK",
	[DOMAIN_CONN_TIME_WAIT] = "TIME-WAIT",
};

const char *
domain_conn_state(unsigned state)
{
	return state < DOMAIN_CONN_STATES ? names[state] : NULL;
}

void
domain_conn_put(struct domain_conn_slot *slot, const struct domain_conn *c)
{
	uint64_t word[DOMAIN_CONN_WORDS], seq = slot->seq;

	memcpy(word, c, sizeof(word));
	atomic_store_rel_64(&slot->seq, seq + 1);
	/* Each is stored behind that [W1]: pairs with the second look at seq
	 * in domain_conn_get(). */
	for (unsigned i = 0; i < DOMAIN_CONN_WORDS; i++)
		atomic_store_rel_64(&slot->word[i], word[i]);
	/* [W2] pairs with the first look. */
	atomic_store_rel_64(&slot->seq, seq + 2);
}

void
domain_conn_own(const struct domain_conn_slot *slot, struct domain_conn *c)
{
	memcpy(c, slot->word, sizeof(*c));
}

bool
domain_conn_get(const struct domain_conn_slot *slot, struct domain_conn *c)
{
	uint64_t word[DOMAIN_CONN_WORDS];

	for (unsigned look = 0; look < LOOKS; look++) {
		uint64_t seq = atomic_load_acq_64(&slot->seq);

		if (seq & 1)
			continue;
		for (unsigned i = 0; i < DOMAIN_CONN_WORDS; i++)
			word[i] = atomic_load_acq_64(&slot->word[i]);
		if (atomic_load_acq_64(&slot->seq) != seq)
			continue;
		memcpy(c, word, sizeof(*c));
		return true;
	}
	return false;
}

uint32_t
domain_conns_used(const struct domain_conns *t, uint32_t conns)
{
	uint32_t n = atomic_load_acq_32(&t->slots);

	return n < conns ? n : conns;
}
