/* memcached_say [TIMES] - answers requests on its standard input; with TIMES,
 * answers them so many times, for those who count instructions. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/memcached/test/proto_kit.h"

int
main(int argc, char **argv)
{
	static struct kit kit;
	static char in[1 << 20];
	size_t n = fread(in, 1, sizeof(in), stdin);
	long times = argc > 1 ? strtol(argv[1], NULL, 10) : 0;

	kit_begin(&kit);
	kit_feed(&kit, in, n, SIZE_MAX);
	fwrite(kit.out, 1, kit.out_len, stdout);
	for (long i = 0; i < times; i++) {
		struct answer *a = &kit.conn.out;

		proto_read(&kit.conn, in, n);
		answer_sent(a, answer_unsent(a));
		answer_acked(a, a->bytes);
	}
	kit_end(&kit);
	return 0;
}
