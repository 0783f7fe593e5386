/* piece_kit.c - asks for pieces until the last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlibos/launch/stat.h"
#include "dlibos/launch/test/piece_kit.h"

#define PIECES 20

char *
piece_all(piece_fn *fn, const struct instance *in, unsigned *pieces)
{
	static char piece[STAT_PIECE];
	char *text = calloc(PIECES, STAT_PIECE), *at = text;
	unsigned d = 0, r = 0;

	assert_non_null(text);
	for (*pieces = 1;; ++*pieces) {
		char *last;

		memset(piece, 'x', sizeof(piece));
		fn(in, d, r, piece, sizeof(piece));
		assert_true(strlen(piece) < sizeof(piece));
		last = strstr(piece, "end\n");
		if (!last)
			last = strstr(piece, "more ");
		assert_non_null(last);
		memcpy(at, piece, (size_t)(last - piece));
		at += last - piece;
		if (*last == 'e')
			return text;
		assert_true(*pieces < PIECES);
		assert_int_equal(sscanf(last, "more %u %u\n", &d, &r), 2);
	}
}
