/* show.c - `dlibos layout`: look at a layout before it is run. */
#include "dlibos/launch/show.h"
#include "dlibos/launch/draw.h"
#include "dlibos/launch/layout.h"
#include "dlibos/launch/place.h"
#include "dlibos/launch/svg.h"
#include "dlibos/launch/text.h"
#include "dlibos/launch/topology.h"

#include "dlibos/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ERR_BYTES 512
#define USAGE                                                           \
	"usage: dlibos layout show FILE|RATIO [--svg FILE] [--core N] " \
	"[--topology SYNTHETIC] [--oversubscribe], or dlibos layout list"

struct request {
	const char *spec, *svg, *synthetic;
	bool oversubscribe;
	int core; /* -1: none */
};

/* Everything that is known once the request is understood. */
struct view {
	struct topology topology;
	struct layout layout;
	struct placement placement;
	char misfit[ERR_BYTES]; /* "": it fits */
};

const char *
layout_dir(void)
{
	const char *dir = getenv("DLIBOS_LAYOUTS");

	return dir && *dir ? dir : DL_LAYOUT_DIR;
}

static int
usage(const char *what, const char *which)
{
	log_say("%s%s%s%s", what, which, *what ? "; " : "", USAGE);
	return EXIT_USAGE;
}

static int
parse_core(const char *s, int *core)
{
	unsigned n = 0;
	const char *end = text_number(s, &n);

	if (!end || *end)
		return usage("--core is no number: ", s);
	*core = (int)n;
	return EXIT_OK;
}

/* getopt has stepped over a whole word, or stands within one of letters. */
static const char *
bad_word(char **argv)
{
	return argv[optind - 1][0] == '-' ? argv[optind - 1] : argv[optind];
}

/* argv[0] is "show". */
static int
parse(int argc, char **argv, struct request *q)
{
	static const struct option options[] = {
		{"svg", required_argument, NULL, 's'},
		{"core", required_argument, NULL, 'c'},
		{"topology", required_argument, NULL, 't'},
		{"oversubscribe", no_argument, NULL, 'o'},
		{0},
	};
	int c;

	optind = 0; /* glibc: start anew */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (c == 's')
			q->svg = optarg;
		else if (c == 't')
			q->synthetic = optarg;
		else if (c == 'o')
			q->oversubscribe = true;
		else if (c == ':')
			return usage("no value for ", argv[optind - 1]);
		else if (c != 'c')
			return usage("bad option ", bad_word(argv));
		else if (parse_core(optarg, &q->core))
			return EXIT_USAGE;
	}
	if (optind == argc)
		return usage("which layout?", "");
	if (optind + 1 < argc)
		return usage(
			"one layout at a time, not also ", argv[optind + 1]);
	q->spec = argv[optind];
	return EXIT_OK;
}

static int
look(const struct request *q, struct view *v)
{
	struct place_options o = {
		.oversubscribe = q->oversubscribe, .nic_node = -1};
	char err[ERR_BYTES];

	if (topology_load(&v->topology, q->synthetic, err, sizeof(err))) {
		log_say("%s", err);
		return q->synthetic ? EXIT_USAGE : EXIT_FAIL;
	}
	if (layout_load(q->spec, layout_dir(), &v->topology, &v->layout, err,
		    sizeof(err))) {
		log_say("%s", err);
		return EXIT_FAIL;
	}
	if (q->core >= (int)v->layout.cores) {
		log_say("--core %d: layout %s has the cores 0 to %u", q->core,
			v->layout.name, v->layout.cores - 1);
		return EXIT_USAGE;
	}
	place(&v->layout, &v->topology, &o, &v->placement, v->misfit,
		sizeof(v->misfit));
	return EXIT_OK;
}

static void
put_fit(const struct view *v)
{
	if (v->misfit[0])
		printf("; does not fit: %s\n", v->misfit);
	else if (v->placement.oversubscribed)
		printf("; fits with cores sharing %u CPU%s\n", v->topology.pus,
			v->topology.pus == 1 ? "" : "s");
	else
		puts("; fits");
}

static void
put_summary(const struct view *v)
{
	const struct layout *l = &v->layout;
	struct draw_hops hops = draw_hops(l);

	printf("%s: ", l->name);
	if (l->rtc)
		printf("%u rtc, no edges", l->rtc);
	else
		printf("%u net, %u app, %u edge%s, hops %.2f mean %u max, "
		       "reach %s",
			l->net, l->app, layout_edges(l),
			layout_edges(l) == 1 ? "" : "s", hops.mean, hops.max,
			l->reach == LAYOUT_ALL ? "all" : "quadrant");
	if (l->quadrants)
		printf(", %u quadrant%s%s", l->quadrants,
			l->quadrants == 1 ? "" : "s",
			v->placement.quadrants_real ? "" : " (declared only)");
	put_fit(v);
}

static int
write_svg(const struct request *q, const struct view *v)
{
	FILE *out = fopen(q->svg, "we");
	bool bad;

	if (!out) {
		log_say("%s: %s", q->svg, strerror(errno));
		return EXIT_FAIL;
	}
	svg_write(out, &v->layout, &v->placement, q->core);
	bad = ferror(out);
	if (fclose(out) || bad) {
		log_say("%s: cannot be written: %s", q->svg, strerror(errno));
		return EXIT_FAIL;
	}
	return EXIT_OK;
}

static int
flush(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_OK;
	log_say("stdout: %s", strerror(errno));
	return EXIT_FAIL;
}

/* argv[0] is "show". */
static int
show(int argc, char **argv)
{
	struct request q = {.core = -1};
	bool colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	struct view *v;
	int rc = parse(argc, argv, &q);

	if (rc)
		return rc;
	v = calloc(1, sizeof(*v));
	if (!v) {
		log_say("no memory");
		return EXIT_FAIL;
	}
	rc = look(&q, v);
	if (!rc) {
		draw_grid(stdout, &v->layout, &v->placement, q.core, colours);
		put_summary(v);
		if (q.core >= 0)
			draw_peers(stdout, &v->layout, &v->placement,
				(unsigned)q.core);
		rc = flush();
	}
	if (!rc && q.svg)
		rc = write_svg(&q, v);
	free(v);
	return rc;
}

static int
is_layout(const struct dirent *d)
{
	const char *ext = strrchr(d->d_name, '.');

	return ext && !strcmp(ext, ".layout");
}

/* A broken layout does not hide the others. */
static int
list_one(const char *dir, const char *file)
{
	char path[4096], err[ERR_BYTES];
	struct layout l;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, file);

	if (n < 0 || (size_t)n >= sizeof(path))
		return EXIT_FAIL;
	if (layout_load(path, dir, NULL, &l, err, sizeof(err))) {
		log_say("%s", err);
		return EXIT_FAIL;
	}
	printf("%-16.*s ", (int)(strlen(file) - strlen(".layout")), file);
	if (l.rtc)
		printf("%3u rtc\n", l.rtc);
	else
		printf("%3u net %3u app %5u edges  reach %s\n", l.net, l.app,
			layout_edges(&l),
			l.reach == LAYOUT_ALL ? "all" : "quadrant");
	return EXIT_OK;
}

static int
list(void)
{
	struct dirent **entry;
	int n = scandir(layout_dir(), &entry, is_layout, alphasort), rc;

	if (n < 0) {
		log_say("%s: %s: set DLIBOS_LAYOUTS to the folder of the "
			"layouts",
			layout_dir(), strerror(errno));
		return EXIT_FAIL;
	}
	rc = EXIT_OK;
	for (int i = 0; i < n; i++) {
		if (list_one(layout_dir(), entry[i]->d_name))
			rc = EXIT_FAIL;
		free(entry[i]);
	}
	free(entry);
	return flush() ? EXIT_FAIL : rc;
}

int
layout_cmd(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "show"))
		return show(argc - 1, argv + 1);
	if (argc == 2 && !strcmp(argv[1], "list"))
		return list();
	return usage(argc < 2 ? "" : "not understood: ",
		argc < 2 ? "" : argv[argc > 2 ? 2 : 1]);
}
