/* rights.c - the table. */
#include "dlibos/limits.h"
#include "mem/rights.h"

const struct rights rights[PART_KINDS] = {
	/* The payload that applications read in place. */
	[PART_RX] = {"rx", ROLE_NET, ROLE_NIC, ROLE_APP, 0, false, true,
		LIMIT_RX_BYTES},
	/* The same for one of several, who do not read each other's. */
	[PART_COPY] = {"copy", ROLE_NET, 0, ROLE_APP, 0, true, false, 0},
	/* Nobody but the stack can forge a header. */
	[PART_TXHDR] = {"txhdr", ROLE_NET, 0, 0, ROLE_NIC, false, false,
		LIMIT_TXHDR_BYTES},
	/* Sent in place: the stack reads it for checksums, the device sends. */
	[PART_APP] = {"app", ROLE_APP, 0, ROLE_NET, ROLE_NIC, false, false,
		LIMIT_APP_BYTES},
	/* Each side of a channel writes its own. */
	[PART_EDGE] = {"edge", ROLE_NET | ROLE_APP, 0, ROLE_NET | ROLE_APP, 0,
		true, false, 0},
	[PART_STAT] = {"stat", ROLE_NET | ROLE_APP, 0, 0, ROLE_TOOL, false,
		false, 0},
};

bool
rights_peer_reads(enum part_kind kind, enum role reader, bool copies)
{
	return (rights[kind].peers & reader) &&
		!(copies && rights[kind].one_app);
}
