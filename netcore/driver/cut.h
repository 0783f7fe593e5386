/* cut.h - pieces of a frame that end where a page ends. For ports that lose
 * every frame of which a piece runs on into a page that lies elsewhere in the
 * machine's memory: QEMU's e1000e behind an IOMMU.
 */
#ifndef NETCORE_DRIVER_CUT_H
#define NETCORE_DRIVER_CUT_H

#include "netcore/stack/frame.h"

#define CUT_PAGE  4096u	 /* the least that an IOMMU maps */
#define CUT_FRAME 65536u /* bytes of payload at most */

/* By how many a frame's pieces become more, and how many they then are. Each of
 * them crosses as many ends as it has whole pages, and one more. */
#define CUT_MORE (STACK_PIECES + CUT_FRAME / CUT_PAGE)
#define CUT_MOST (STACK_PIECES + CUT_MORE)

/* Writes n pieces anew, none of them across the end of a page, in the same
 * order; of CUT_FRAME bytes at most in all. How many they are. */
unsigned cut_pieces(struct stack_piece out[CUT_MOST],
	const struct stack_piece *in, unsigned n);

#endif
