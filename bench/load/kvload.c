/* kvload.c - load for a memcached, over sockets of the kernel; and the same as
 * a program of a DLibOS instance, kvload_dlibos, which either fills the store
 * or measures (--load only, --load skip).
 *
 * One line of JSON is the result (tally.h). Exit status: 0; 1: something
 * failed, or a value was wrong; 2: wrong options.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/crew.h"
#include "bench/load/kv_ask.h"
#include "dlibos/base/log.h"

#define BISECTIONS  7
#define RATE_LOWEST 1000.
#define FILL_NS	    3600000000000ull /* at most */

struct kvload {
	struct options opt;
	enum kv_dist dist;
	unsigned keys;
	double gets, s, limit_us; /* gets < 0: the distribution's own */
	unsigned value; /* bytes of all values; above KV_VALUE_MAX: by dist */
	bool binary, quiet;
	bool fill, measure, filling;
	bool ran, stopped; /* there is a result; the user would not wait */
	struct kv_data data;
	struct zipf zipf;
	struct kv_wrong wrong;
	uint64_t missed;
};

static const char *
help(void)
{
	return "  --dist usr|etc   sizes of keys and values (usr)\n"
	       "  --value BYTES    all values alike, 65536 at most\n"
	       "  --protocol text|binary  (text)\n"
	       "  --quiet          binary: gets that say no miss, each with a "
	       "no-op\n"
	       "  --keys N         (100000)\n"
	       "  --gets PART      0 to 1 (usr .998, etc .967)\n"
	       "  --zipf S         popularity; 0: all alike (0)\n"
	       "  --load both|only|skip  fill the store first (both)\n"
	       "  --limit-p99 US   look for the highest rate that keeps it\n";
}

static int
own(void *arg, const char *k, const char *v)
{
	struct kvload *kv = arg;
	const char *load = v && !strcmp(k, "--load") ? v : "";

	if (!strcmp(k, "--keys"))
		return options_number(v, 1, KV_KEYS_MAX, &kv->keys) * 2;
	if (!strcmp(k, "--value"))
		return options_number(v, 0, KV_VALUE_MAX, &kv->value) * 2;
	if (!strcmp(k, "--quiet"))
		return kv->quiet = true, 1;
	if (v && !strcmp(k, "--protocol")) {
		kv->binary = !strcmp(v, "binary");
		return kv->binary || !strcmp(v, "text") ? 2 : 0;
	}
	if (!strcmp(k, "--gets"))
		return options_real(v, 0, 1, &kv->gets) * 2;
	if (!strcmp(k, "--zipf"))
		return options_real(v, 0, 10, &kv->s) * 2;
	if (!strcmp(k, "--limit-p99"))
		return options_real(v, 1, 1e7, &kv->limit_us) * 2;
	if (v && !strcmp(k, "--dist")) {
		kv->dist = strcmp(v, "etc") ? KV_USR : KV_ETC;
		return strcmp(v, "etc") && strcmp(v, "usr") ? 0 : 2;
	}
	kv->fill = strcmp(load, "skip") != 0;
	kv->measure = strcmp(load, "only") != 0;
	return !strcmp(load, "both") || !kv->fill || !kv->measure ? 2 : 0;
}

/* --- threads --------------------------------------------------------------*/

static void *
make(void *arg, unsigned i, unsigned n, const struct wire *wire, void *wire_arg)
{
	struct kvload *kv = arg;
	struct kv_asker *a = malloc(sizeof(*a));

	if (!a ||
		kv_asker_init(
			a, &kv->data, kv->opt.load.seed + i, wire, wire_arg)) {
		log_say("out of memory for values");
		free(a);
		return NULL;
	}
	a->zipf = kv->s > 0 ? &kv->zipf : NULL;
	a->gets = kv->gets;
	a->quiet = kv->quiet;
	a->fill = kv->filling;
	a->next = i;
	a->step = n;
	return a;
}

/* --- runs -----------------------------------------------------------------*/

static int
say_wrong(const struct kvload *kv)
{
	const struct kv_wrong *w = &kv->wrong;
	char key[KV_KEY_MAX + 1];

	key[kv_data_key(&kv->data, w->id, key)] = '\0';
	log_say("wrong value of key %s: at byte %zu of %u expected \"%s\", "
		"got \"%s\"",
		key, w->at, kv->data.size[w->id].value, w->expected, w->got);
	return 1;
}

static void
collect(void *arg, void *made)
{
	struct kvload *kv = arg;
	const struct kv_asker *a = made;

	kv->missed += a->missed;
	if (a->wrong.is && !kv->wrong.is)
		kv->wrong = a->wrong;
}

static int
run(struct kvload *kv, struct tally *sum)
{
	struct crew crew = {.opt = &kv->opt,
		.proto = kv->binary ? &kv_binary : &kv_text,
		.make = make,
		.unmake = free,
		.collect = collect,
		.arg = kv,
		.goal = kv->filling ? kv->keys : 0};
	int rc;

	kv->missed = 0;
	rc = crew_run(&crew, sum);
	sum->missed = kv->missed;
	kv->ran |= !rc;
	kv->stopped = crew.stopped;
	if (!rc && kv->wrong.is)
		rc = say_wrong(kv);
	return rc;
}

static int
fill(struct kvload *kv, struct tally *sum)
{
	struct load_conf keep = kv->opt.load;
	int rc;

	kv->opt.load.rate = 0;
	kv->opt.load.warm_ns = 0;
	kv->opt.load.run_ns = FILL_NS;
	kv->filling = true;
	rc = run(kv, sum);
	kv->filling = false;
	kv->opt.load = keep;
	if (!rc && (tally_failed(sum) || sum->done != kv->keys)) {
		char why[256];

		tally_failures(sum, why, sizeof(why));
		log_say("filled %llu of %u keys; failed: %s",
			(unsigned long long)sum->done, kv->keys,
			*why ? why : "none");
		rc = 1;
	}
	return rc;
}

/* 1: the rate keeps the limit. 0; -1: it is over. */
static int
keeps(struct kvload *kv, double rate, struct tally *best)
{
	static struct tally t;
	double p99;
	bool kept;

	kv->opt.load.rate = rate;
	if (run(kv, &t) || kv->stopped)
		return -1;
	p99 = (double)hist_at(&t.hist, .99) * 1e-3;
	kept = t.done && !tally_failed(&t) && p99 <= kv->limit_us;
	log_say("%.0f/s: p99 %.0f us%s", rate, p99, kept ? "" : ", too much");
	if (kept)
		*best = t;
	return kept;
}

/* Doubles the rate until it is too much, then halves the distance. */
static int
bisect(struct kvload *kv, struct tally *best)
{
	double low = 0, high = kv->opt.load.rate;
	int ok = 1;

	if (!(high > 0))
		high = RATE_LOWEST;
	while (ok > 0 && high < 1e8) {
		ok = keeps(kv, high, best);
		if (ok > 0) {
			low = high;
			high *= 2;
		}
	}
	for (unsigned i = 0; i < BISECTIONS && ok >= 0; i++) {
		double mid = (low + high) / 2;

		ok = keeps(kv, mid, best);
		*(ok > 0 ? &low : &high) = mid;
	}
	kv->opt.load.rate = low;
	if (!(low > 0))
		log_say("not even %.0f/s kept it, which is too much", high);
	return !(low > 0) || (ok < 0 && !kv->stopped);
}

static int
work(struct kvload *kv, struct tally *sum)
{
	int rc = 0;

	if (kv_data_init(&kv->data, kv->keys, kv->dist)) {
		log_say("out of memory for %u keys", kv->keys);
		return 1;
	}
	if (kv->value <= KV_VALUE_MAX)
		kv_data_values(&kv->data, kv->value);
	if (kv->s > 0)
		zipf_init(&kv->zipf, kv->keys, kv->s);
	if (kv->fill)
		rc = fill(kv, sum);
	if (!rc && kv->measure)
		rc = kv->limit_us > 0 ? bisect(kv, sum) : run(kv, sum);
	return rc;
}

int
main(int argc, char **argv)
{
	static struct kvload kv;
	static struct tally sum;
	FILE *out;
	int rc;

	kv = (struct kvload){.keys = 100000,
		.gets = -1,
		.fill = true,
		.measure = true,
		.value = ~0u};
	options_defaults(&kv.opt, "kvload", 11211);
	kv.opt.own = own;
	kv.opt.help = help;
	kv.opt.arg = &kv;
	rc = options_parse(&kv.opt, argc, argv);
	if (kv.gets < 0)
		kv.gets = kv.dist == KV_USR ? .998 : .967;
	if (!rc && kv.quiet && !kv.binary) {
		log_say("--quiet: the text protocol has no quiet gets");
		rc = 2;
	}
	if (!rc && !crew_again &&
		((kv.fill && kv.measure) || kv.limit_us > 0)) {
		log_say("here one run is all: --load only or --load skip, and "
			"no --limit-p99");
		rc = 2;
	}
	if (!rc)
		rc = options_out(&kv.opt, &out);
	if (!rc) {
		rc = work(&kv, &sum);
		if (!rc)
			rc = tally_report(&sum, "", kv.opt.load.rate, out);
		else if (kv.ran)
			tally_print(&sum, "", kv.opt.load.rate, out);
	}
	kv_data_fini(&kv.data);
	return rc < 0 ? 0 : rc;
}
