/* options.c - the words of the command line. */
#include "apps/netpipe/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t least, most;
	const char *what;
} numbers[] = {
	{"--port", 1, 65535, "a port"},
	{"--size", 1, SIZE_MAX_BYTES, "bytes of the largest message"},
	{"--count", 1, COUNT_MAX, "round trips of each size"},
	{"--from", 1, SIZE_MAX_BYTES, "bytes of the smallest message"},
};

#define NUMBERS (sizeof(numbers) / sizeof(*numbers))

static const char words[] =
	"usage: netpipe [--to ADDR] [--port N] [--size N] [--from N] "
	"[--count N] [--nocopy] [--json]";

static int
usage(const char *wrong, const char *why)
{
	fprintf(stderr, "netpipe: %s%s; %s\n", wrong, why, words);
	return -1;
}

static int
number(unsigned i, const char *s, uint32_t *to)
{
	char *end, why[96];
	unsigned long long n;

	errno = 0;
	n = strtoull(s, &end, 10);
	if (*s >= '0' && *s <= '9' && !*end && !errno &&
		n >= numbers[i].least && n <= numbers[i].most) {
		*to = (uint32_t)n;
		return 0;
	}
	snprintf(why, sizeof(why), ": %s, %u to %u", numbers[i].what,
		numbers[i].least, numbers[i].most);
	return usage(numbers[i].name, why);
}

/* An option that takes a value. */
static int
value(struct options *o, const char *name, const char *s, uint32_t *n)
{
	unsigned k = 0;

	if (!s)
		return usage(name, " lacks its value");
	if (!strcmp(name, "--to")) {
		o->client = 1;
		return dl_addr_parse(&o->to, s) ? usage(s, " is no address")
						: 0;
	}
	while (strcmp(name, numbers[k].name))
		k++;
	return number(k, s, &n[k]);
}

static int
takes_value(const char *name)
{
	for (unsigned k = 0; k < NUMBERS; k++)
		if (!strcmp(name, numbers[k].name))
			return 1;
	return !strcmp(name, "--to");
}

int
options_parse(struct options *o, int argc, char **argv)
{
	uint32_t n[NUMBERS] = {5002, 1u << 20};

	*o = (struct options){.client = 0};
	for (int i = 1; i < argc; i++) {
		const char *s = argv[i];

		if (!strcmp(s, "--help"))
			return puts(words), 1;
		if (!strcmp(s, "--nocopy"))
			o->nocopy = 1;
		else if (!strcmp(s, "--json"))
			o->json = 1;
		else if (!takes_value(s))
			return usage(s, " is no option");
		else if (value(o, s, argv[++i], n))
			return -1;
	}
	o->port = (uint16_t)n[0];
	o->size = n[1];
	o->count = n[2];
	o->from = n[3];
	if (!o->client && (o->count || o->from || o->json))
		return usage(o->json	   ? "--json"
				: o->count ? "--count"
					   : "--from",
			" is the client's, which --to makes");
	if (o->from > o->size)
		return usage("--from", " is more than --size");
	o->from = o->from ? o->from : 1;
	return 0;
}
