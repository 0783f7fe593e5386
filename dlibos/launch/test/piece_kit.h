/* piece_kit.h - an answer in pieces, as the client puts it together. */
#ifndef DLIBOS_LAUNCH_TEST_PIECE_KIT_H
#define DLIBOS_LAUNCH_TEST_PIECE_KIT_H

#include "dlibos/launch/instance.h"

/* stat_piece(), conns_piece(). */
typedef void piece_fn(const struct instance *in, unsigned domain,
	unsigned record, char *buf, size_t size);

/* All of it, to be freed, in at most 20 pieces; how many. */
char *piece_all(piece_fn *fn, const struct instance *in, unsigned *pieces);

#endif
