/* cut.c - where a piece has to end. */
#include "netcore/driver/cut.h"

#include <assert.h>

static inline uint32_t
to_page_end(const uint8_t *p)
{
	return CUT_PAGE - ((uint32_t)(uintptr_t)p & (CUT_PAGE - 1));
}

unsigned
cut_pieces(struct stack_piece out[CUT_MOST], const struct stack_piece *in,
	unsigned n)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		struct stack_piece left = in[i];
		uint32_t len = to_page_end(left.ptr);

		for (; left.len > len; len = CUT_PAGE) {
			assert(k < CUT_MOST - 1);
			out[k++] = (struct stack_piece){left.ptr, len};
			left.ptr += len;
			left.len -= len;
		}
		assert(k < CUT_MOST);
		out[k++] = left;
	}
	return k;
}
