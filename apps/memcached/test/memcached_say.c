/* memcached_say [TIMES [FILE]] - answers requests on its standard input; with
 * TIMES, answers them so many times more, for those who count instructions;
 * what is in FILE is asked once before. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/memcached/test/proto_kit.h"

static char in[1 << 20];

static size_t
ask_all(struct kit *kit, FILE *from)
{
	size_t n = fread(in, 1, sizeof(in), from);

	kit_feed(kit, in, n, SIZE_MAX);
	fwrite(kit->out, 1, kit->out_len, stdout);
	kit->out_len = 0;
	return n;
}

int
main(int argc, char **argv)
{
	static struct kit kit;
	long times = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	FILE *before = argc > 2 ? fopen(argv[2], "re") : NULL;
	size_t n;

	if (argc > 2 && !before) {
		perror(argv[2]);
		return 1;
	}
	kit_begin(&kit);
	if (before) {
		ask_all(&kit, before);
		fclose(before);
	}
	n = ask_all(&kit, stdin);
	for (long i = 0; i < times; i++) {
		struct answer *a = &kit.conn.out;

		proto_read(&kit.conn, in, n);
		answer_sent(a, answer_unsent(a));
		answer_acked(a, a->bytes);
	}
	kit_end(&kit);
	return 0;
}
