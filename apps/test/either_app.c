/* either_app.c - two programs in one instance.
 *
 *	either_app PROGRAM [ARGUMENT]... -- PROGRAM [ARGUMENT]...
 *
 * The first one runs in the first application domain, the other one in all
 * others.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "apps/test/first.h"
#include "dlibos/base/log.h"

int
main(int argc, char **argv)
{
	int i = 1;

	while (i < argc && strcmp(argv[i], "--"))
		i++;
	if (i < 2 || i + 1 >= argc)
		die(EXIT_USAGE, "either_app PROGRAM ... -- PROGRAM ...");
	argv[i] = NULL;
	argv += first_is() ? 1 : i + 1;
	execv(argv[0], argv);
	die(EXIT_FAIL, "%s: %s", argv[0], strerror(errno));
}
