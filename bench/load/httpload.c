/* httpload.c - load for a web server, over sockets of the kernel; and the same
 * as a program of a DLibOS instance, httpload_dlibos:
 *
 *	httpload --to ADDR [OPTION]...
 *	dlibos run --port ... --ip ... -- httpload_dlibos --to ADDR [OPTION]...
 *
 * One line of JSON is the result (tally.h). Exit status: 0; 1: something
 * failed, or nothing was answered; 2: wrong options.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/crew.h"
#include "bench/load/http_ask.h"
#include "dlibos/base/log.h"

struct httpload {
	struct options opt;
	struct http_paths paths;
};

static const char *
help(void)
{
	return "  --path P         a path to ask for, or 'P WEIGHT' (/); may "
	       "be\n"
	       "                   given more than once\n"
	       "  --paths FILE     the same, one a line\n"
	       "  --one            a connection for each request\n"
	       "  --connrate       connect and close, no request\n";
}

static int
own(void *arg, const char *k, const char *v)
{
	struct httpload *h = arg;
	unsigned line;
	int rc;

	if (!strcmp(k, "--one"))
		return h->opt.load.one = true, 1;
	if (!strcmp(k, "--connrate"))
		return h->opt.load.one = h->opt.load.bare = true, 1;
	if (!strcmp(k, "--path") && v)
		return http_paths_add(&h->paths, v) ? 0 : 2;
	if (strcmp(k, "--paths") || !v)
		return 0;
	rc = http_paths_read(&h->paths, v, &line);
	if (rc)
		log_say("%s:%u: %s", v, line, strerror(-rc));
	return rc ? 0 : 2;
}

static void *
make(void *arg, unsigned i, unsigned n, const struct wire *wire, void *wire_arg)
{
	struct httpload *h = arg;
	struct http_asker *a = malloc(sizeof(*a));
	const char *colon = strchr(h->opt.to, ':');
	char host[64];
	int len =
		snprintf(host, sizeof(host), colon ? "[%s]" : "%s", h->opt.to);
	int rc = -ENOMEM;

	(void)n;
	if (len < 0 || (size_t)len >= sizeof(host))
		rc = -EINVAL;
	else if (a)
		rc = http_asker_init(a, &h->paths, host, h->opt.load.one,
			h->opt.load.seed + i, wire, wire_arg);
	if (!rc)
		return a;
	log_say("the requests: %s", strerror(-rc));
	free(a);
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct httpload h;
	static struct tally sum;
	struct crew crew = {
		&h.opt, &http_proto, .make = make, .unmake = free, .arg = &h};
	FILE *out;
	int rc;

	options_defaults(&h.opt, "httpload", 80);
	h.opt.own = own;
	h.opt.help = help;
	h.opt.arg = &h;
	rc = options_parse(&h.opt, argc, argv);
	if (!rc && !h.paths.n)
		rc = http_paths_add(&h.paths, "/");
	if (!rc)
		rc = options_out(&h.opt, &out);
	if (!rc)
		rc = crew_run(&crew, &sum);
	if (!rc)
		rc = tally_report(&sum, "", h.opt.load.rate, out);
	http_paths_fini(&h.paths);
	return rc < 0 ? 0 : rc;
}
