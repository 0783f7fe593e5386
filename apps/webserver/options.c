/* options.c - the words of the command line. */
#include "apps/webserver/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint64_t least, most;
	const char *what;
} numbers[] = {
	{"--port", 1, 65535, "a port"},
	{"--timeout", 1, 86400, "seconds"},
	{"--log", 0, UINT32_MAX, "log one request in so many"},
	{"--max-files", 1, 1000000, "files"},
	{"--max-mib", 1, 1u << 20, "MiB of documents"},
};

#define NUMBERS (sizeof(numbers) / sizeof(*numbers))

static int
usage(const char *wrong, const char *why)
{
	fprintf(stderr,
		"webserver: %s%s; usage: webserver [--port N] [--timeout S] "
		"[--log N] [--max-files N] [--max-mib N] FOLDER\n",
		wrong, why);
	return -1;
}

static int
number(unsigned i, const char *s, uint64_t *to)
{
	char *end, why[96];

	errno = 0;
	*to = strtoull(s, &end, 10);
	if (*s >= '0' && *s <= '9' && !*end && !errno &&
		*to >= numbers[i].least && *to <= numbers[i].most)
		return 0;
	snprintf(why, sizeof(why), ": %s, %llu to %llu", numbers[i].what,
		(unsigned long long)numbers[i].least,
		(unsigned long long)numbers[i].most);
	return usage(numbers[i].name, why);
}

int
options_parse(struct options *o, int argc, char **argv)
{
	uint64_t n[NUMBERS] = {80, 60, 0, 10000, 48};
	const char *folder = NULL;

	for (int i = 1; i < argc; i++) {
		unsigned k = 0;

		while (k < NUMBERS && strcmp(argv[i], numbers[k].name))
			k++;
		if (k < NUMBERS && i + 1 == argc)
			return usage(argv[i], " lacks its number");
		if (k < NUMBERS) {
			if (number(k, argv[++i], &n[k]))
				return -1;
		} else if (argv[i][0] == '-') {
			return usage(argv[i], " is no option");
		} else if (folder) {
			return usage(argv[i], ": one folder is enough");
		} else {
			folder = argv[i];
		}
	}
	if (!folder)
		return usage("which folder", "?");
	*o = (struct options){
		.folder = folder,
		.port = (uint16_t)n[0],
		.timeout_ms = (uint32_t)n[1] * 1000,
		.log_each = (uint32_t)n[2],
		.max_files = (uint32_t)n[3],
		.max_bytes = n[4] << 20,
	};
	return 0;
}
