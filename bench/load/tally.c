/* tally.c - sums, and the line of JSON. */
#include "bench/load/tally.h"

#include "dlibos/base/log.h"

static const char *const kind_name[TALLY_KINDS] = {
	[TALLY_OK] = "ok",
	[TALLY_REFUSED] = "refused",
	[TALLY_UNREACHABLE] = "unreachable",
	[TALLY_RESET] = "reset",
	[TALLY_TIMEOUT] = "timeout",
	[TALLY_GARBAGE] = "garbage",
	[TALLY_SHORT] = "short",
	[TALLY_STATUS] = "status",
	[TALLY_LENGTH] = "length",
	[TALLY_WRONG] = "wrong",
};

const char *
tally_kind_name(enum tally_kind k)
{
	return kind_name[k];
}

void
tally_merge(struct tally *t, const struct tally *more)
{
	hist_merge(&t->hist, &more->hist);
	t->done += more->done;
	t->bytes += more->bytes;
	t->sent += more->sent;
	for (unsigned i = 0; i < TALLY_KINDS; i++)
		t->error[i] += more->error[i];
	t->reopened += more->reopened;
	t->missed += more->missed;
	t->unsent += more->unsent;
	t->conns += more->conns;
	if (more->ns > t->ns)
		t->ns = more->ns;
}

uint64_t
tally_failed(const struct tally *t)
{
	uint64_t sum = t->unsent;

	for (unsigned i = TALLY_OK + 1; i < TALLY_KINDS; i++)
		sum += t->error[i];
	return sum;
}

double
tally_rate(const struct tally *t)
{
	return t->ns ? (double)t->done / ((double)t->ns * 1e-9) : 0;
}

static double
us(uint64_t ns)
{
	return (double)ns * 1e-3;
}

void
tally_print(const struct tally *t, const char *first, double rate, FILE *out)
{
	const struct hist *h = &t->hist;
	double s = (double)t->ns * 1e-9;

	fprintf(out,
		"{%s\"requests\": %llu, \"seconds\": %.3f, \"rps\": %.0f, "
		"\"asked_rps\": %.0f, \"mean_us\": %.1f, \"p50_us\": %.1f, "
		"\"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
		"\"max_us\": %.1f, \"bytes\": %llu, \"gbps\": %.3f, "
		"\"sent_bytes\": %llu, \"sent_gbps\": %.3f, "
		"\"conns\": %u, \"failed\": %llu, \"errors\": {",
		first, (unsigned long long)t->done, s, tally_rate(t), rate,
		h->n ? us(h->sum) / (double)h->n : 0., us(hist_at(h, .5)),
		us(hist_at(h, .9)), us(hist_at(h, .99)), us(hist_at(h, .999)),
		us(h->max), (unsigned long long)t->bytes,
		s > 0 ? (double)t->bytes * 8e-9 / s : 0.,
		(unsigned long long)t->sent,
		s > 0 ? (double)t->sent * 8e-9 / s : 0., t->conns,
		(unsigned long long)tally_failed(t));
	for (unsigned i = TALLY_OK + 1; i < TALLY_KINDS; i++)
		fprintf(out, "\"%s\": %llu, ", kind_name[i],
			(unsigned long long)t->error[i]);
	fprintf(out,
		"\"unsent\": %llu}, \"missed\": %llu, \"reopened\": %llu}\n",
		(unsigned long long)t->unsent, (unsigned long long)t->missed,
		(unsigned long long)t->reopened);
	fflush(out);
}

void
tally_failures(const struct tally *t, char *to, size_t room)
{
	size_t at = 0;

	*to = '\0';
	for (unsigned i = TALLY_OK + 1; i <= TALLY_KINDS && at < room; i++) {
		uint64_t count = i < TALLY_KINDS ? t->error[i] : t->unsent;
		int n = 0;

		if (count)
			n = snprintf(to + at, room - at, "%s%llu %s",
				at ? ", " : "", (unsigned long long)count,
				i < TALLY_KINDS ? kind_name[i] : "unsent");
		at += n > 0 ? (size_t)n : 0;
	}
}

int
tally_report(const struct tally *t, const char *first, double rate, FILE *out)
{
	uint64_t failed = tally_failed(t);
	char text[256];

	tally_print(t, first, rate, out);
	tally_failures(t, text, sizeof(text));
	if (failed)
		log_say("%llu failed: %s%s", (unsigned long long)failed, text,
			t->done ? "" : "; nothing was answered");
	else if (!t->done)
		log_say("nothing was answered");
	if (ferror(out))
		log_say("the result could not be written");
	return failed || !t->done || ferror(out);
}
