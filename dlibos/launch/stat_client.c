/* stat_client.c - `dlibos stat`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/ctl_client.h"
#include "dlibos/launch/stat.h"
#include "dlibos/launch/text.h"

#define PIECES 4096 /* of an instance; more is no answer */

/* The start of the last line of a piece; NULL: it has none. */
static char *
last_line(char *text)
{
	size_t n = strlen(text);

	if (!n || text[n - 1] != '\n')
		return NULL;
	for (n--; n && text[n - 1] != '\n';)
		n--;
	return text + n;
}

/* Makes the order for what follows a piece out of its last line, which goes.
 * False: nothing follows. */
static bool
next_order(const char *instance, const char *verb, char *piece, char *order,
	size_t len)
{
	char *last = last_line(piece);
	const char *s;
	unsigned d, r;

	if (last && !strcmp(last, "end\n")) {
		*last = '\0';
		return false;
	}
	s = last && !strncmp(last, "more ", 5) ? text_number(last + 5, &d)
					       : NULL;
	s = s && *s == ' ' ? text_number(s + 1, &r) : NULL;
	if (!s || strcmp(s, "\n"))
		die(EXIT_FAIL, "instance %s answers in another language",
			instance);
	*last = '\0';
	snprintf(order, len, "%s %u %u", verb, d, r);
	return true;
}

char *
stat_pieces(const char *instance, const char *verb)
{
	char order[64], *all = NULL;
	size_t used = 0;

	snprintf(order, sizeof(order), "%s", verb);
	for (unsigned i = 0; i < PIECES; i++) {
		char *grown = realloc(all, used + STAT_PIECE);
		bool more;

		if (!grown)
			die(EXIT_FAIL, "out of memory");
		all = grown;
		if (!ctl_ask(instance, order, all + used, STAT_PIECE))
			exit(EXIT_FAIL);
		more = next_order(
			instance, verb, all + used, order, sizeof(order));
		used += strlen(all + used);
		if (!more)
			return all;
	}
	die(EXIT_FAIL, "instance %s does not come to an end", instance);
}

char *
stat_fetch(const char *instance)
{
	return stat_pieces(instance, "stat");
}

char *
stat_line(char *text, char **key, char **value)
{
	char *space = strchr(text, ' '), *end = strchr(text, '\n');

	if (!end || !space || space > end)
		return NULL;
	*space = *end = '\0';
	*key = text;
	*value = space + 1;
	return end + 1;
}

/* Nothing in keys and words needs quoting: they are letters, digits and what
 * stands between these. */
static void
print_json(char *text)
{
	const char *sep = "{\n";
	char *key, *value;

	while ((text = stat_line(text, &key, &value))) {
		const char *digits = value + (*value == '-');
		const char *q = *digits &&
				strspn(digits, "0123456789") == strlen(digits)
			? ""
			: "\"";

		printf("%s  \"%s\": %s%s%s", sep, key, q, value, q);
		sep = ",\n";
	}
	puts(*sep == '{' ? "{}" : "\n}");
}

int
stat_cmd(int argc, char **argv)
{
	const char *given = NULL;
	bool json = false;
	char *text;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (argv[i][0] != '-' && !given)
			given = argv[i];
		else
			die(EXIT_USAGE,
				"usage: dlibos stat [INSTANCE] [--json]");
	}
	text = stat_fetch(ctl_which(given));
	if (json)
		print_json(text);
	else
		fputs(text, stdout);
	free(text);
	return EXIT_OK;
}
