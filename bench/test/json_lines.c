/* json_lines - reads a report from stdin. Status 0: at least one line, and all
 * of them are right. */
#include <stdio.h>
#include <string.h>

#include "bench/test/json.h"
#include "dlibos/base/log.h"

int
main(void)
{
	unsigned lines = 0;
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		const char *wrong;

		lines++;
		if (!strchr(line, '\n'))
			die(EXIT_FAIL, "line %u does not end", lines);
		line[strcspn(line, "\n")] = '\0';
		wrong = json_wrong(line);
		if (wrong)
			die(EXIT_FAIL, "line %u: %s: %s", lines, wrong, line);
	}
	if (!lines)
		die(EXIT_FAIL, "no line at all");
	printf("%u lines\n", lines);
	return EXIT_OK;
}
