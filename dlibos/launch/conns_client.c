/* conns_client.c - `dlibos conns`. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/conns.h"
#include "dlibos/launch/ctl_client.h"
#include "dlibos/launch/stat.h"

/* --- a text ---------------------------------------------------------------*/

static bool
read_end(struct conns_end *e, unsigned port)
{
	static const uint8_t v4[12] = {[10] = 0xff, 0xff};

	if (port > UINT16_MAX)
		return false;
	e->port = (uint16_t)port;
	if (inet_pton(AF_INET6, e->text, e->ip) == 1)
		return true;
	memcpy(e->ip, v4, sizeof(v4));
	return inet_pton(AF_INET, e->text, e->ip + 12) == 1;
}

_Static_assert(LIMIT_NAME == 24 && CONNS_STATE == 16 && INET6_ADDRSTRLEN == 46,
	"the widths below");

static bool
read_line(struct conns_one *c, const char *line)
{
	unsigned long long received, sent, resent, age, record;
	unsigned lport, rport;
	int n = 0;

	if (sscanf(line,
		    "%23s %u %15s %d %45s %u %45s %u %llu %llu %u %u %u %u "
		    "%llu %llu %llu%n",
		    c->domain, &c->core, c->state, &c->app, c->local.text,
		    &lport, c->remote.text, &rport, &received, &sent,
		    &c->unacked, &c->unread, &c->srtt_us, &c->cwnd, &resent,
		    &age, &record, &n) != 17 ||
		line[n] != '\n')
		return false;
	c->received = received;
	c->sent = sent;
	c->resent = resent;
	c->age_ms = age;
	c->record_age_ms = record;
	return read_end(&c->local, lport) && read_end(&c->remote, rport);
}

static int
end_order(const struct conns_end *a, const struct conns_end *b)
{
	int by = memcmp(a->ip, b->ip, sizeof(a->ip));

	return by ? by : (int)a->port - (int)b->port;
}

static int
order(const void *x, const void *y)
{
	const struct conns_one *a = x, *b = y;
	int by = (int)a->local.port - (int)b->local.port;

	if (!by)
		by = end_order(&a->remote, &b->remote);
	return by ? by : end_order(&a->local, &b->local);
}

static size_t
lines(const char *text)
{
	size_t n = 0;

	while ((text = strchr(text, '\n')))
		n++, text++;
	return n;
}

bool
conns_read(struct conns *c, const char *text)
{
	size_t n = lines(text);

	*c = (struct conns){.one = calloc(n + 1, sizeof(*c->one))};
	if (!c->one)
		return false;
	for (size_t i = 0; i < n; i++, text = strchr(text, '\n') + 1)
		if (!strncmp(text, "torn\n", 5))
			c->torn++;
		else if (!read_line(&c->one[c->n++], text))
			return false;
	qsort(c->one, c->n, sizeof(*c->one), order);
	return true;
}

void
conns_free(struct conns *c)
{
	free(c->one);
	c->one = NULL;
}

/* --- what is printed ------------------------------------------------------*/

static const char *
end_text(const struct conns_end *e, char buf[static INET6_ADDRSTRLEN + 9])
{
	const char *fmt = strchr(e->text, ':') ? "[%s]:%u" : "%s:%u";

	snprintf(buf, INET6_ADDRSTRLEN + 9, fmt, e->text, e->port);
	return buf;
}

/* Of the longest, and of the heading at least. */
static int
width(const struct conns *c, bool remote)
{
	char text[INET6_ADDRSTRLEN + 9];
	size_t most = strlen(remote ? "remote" : "local");

	for (size_t i = 0; i < c->n; i++) {
		const struct conns_one *o = &c->one[i];
		size_t n =
			strlen(end_text(remote ? &o->remote : &o->local, text));

		most = n > most ? n : most;
	}
	return (int)most;
}

void
conns_print(FILE *f, const struct conns *c)
{
	char local[INET6_ADDRSTRLEN + 9], remote[INET6_ADDRSTRLEN + 9];
	int lw = width(c, false), rw = width(c, true);

	if (c->n)
		fprintf(f,
			"%4s %-*s %-*s %-12s %4s %12s %12s %8s %8s %8s %8s "
			"%6s %9s\n",
			"core", lw, "local", rw, "remote", "state", "app",
			"received", "sent", "unacked", "unread", "srtt/us",
			"cwnd", "resent", "age/s");
	else if (!c->torn)
		fputs("no connections\n", f);
	for (size_t i = 0; i < c->n; i++) {
		const struct conns_one *o = &c->one[i];
		char app[16] = "-";

		if (o->app >= 0)
			snprintf(app, sizeof(app), "%d", o->app);
		fprintf(f,
			"%4u %-*s %-*s %-12s %4s %12llu %12llu %8u %8u %8u "
			"%8u %6llu %7llu.%llu\n",
			o->core, lw, end_text(&o->local, local), rw,
			end_text(&o->remote, remote), o->state, app,
			(unsigned long long)o->received,
			(unsigned long long)o->sent, o->unacked, o->unread,
			o->srtt_us, o->cwnd, (unsigned long long)o->resent,
			(unsigned long long)o->age_ms / 1000,
			(unsigned long long)o->age_ms / 100 % 10);
	}
	if (c->torn)
		fprintf(f, "%u more were being written: ask again\n", c->torn);
}

/* Nothing in names and addresses needs quoting. */
static void
json_one(FILE *f, const struct conns_one *o)
{
	char app[16] = "null";

	if (o->app >= 0)
		snprintf(app, sizeof(app), "%d", o->app);
	fprintf(f,
		"  {\"domain\": \"%s\", \"core\": %u, \"local\": \"%s\", "
		"\"local_port\": %u, \"remote\": \"%s\", \"remote_port\": %u, "
		"\"state\": \"%s\", \"app\": %s, ",
		o->domain, o->core, o->local.text, o->local.port,
		o->remote.text, o->remote.port, o->state, app);
	fprintf(f,
		"\"received\": %llu, \"sent\": %llu, \"unacked\": %u, "
		"\"unread\": %u, \"srtt_us\": %u, \"cwnd\": %u, "
		"\"resent\": %llu, \"age_ms\": %llu, \"record_age_ms\": %llu}",
		(unsigned long long)o->received, (unsigned long long)o->sent,
		o->unacked, o->unread, o->srtt_us, o->cwnd,
		(unsigned long long)o->resent, (unsigned long long)o->age_ms,
		(unsigned long long)o->record_age_ms);
}

void
conns_print_json(FILE *f, const struct conns *c)
{
	fprintf(f, "{\"torn\": %u, \"connections\": [", c->torn);
	for (size_t i = 0; i < c->n; i++) {
		fputs(i ? ",\n" : "\n", f);
		json_one(f, &c->one[i]);
	}
	fputs(c->n ? "\n]}\n" : "]}\n", f);
}

/* --- the command ----------------------------------------------------------*/

int
conns_cmd(int argc, char **argv)
{
	const char *given = NULL;
	bool json = false;
	struct conns c;
	char *text;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (!strcmp(argv[i], "--name") && !given && i + 1 < argc)
			given = argv[++i];
		else if (argv[i][0] != '-' && !given)
			given = argv[i];
		else
			die(EXIT_USAGE,
				"usage: dlibos conns [[--name] INSTANCE] "
				"[--json]");
	}
	given = ctl_which(given);
	text = stat_pieces(given, "conns");
	if (!conns_read(&c, text))
		die(EXIT_FAIL, "instance %s answers in another language",
			given);
	free(text);
	if (json)
		conns_print_json(stdout, &c);
	else
		conns_print(stdout, &c);
	conns_free(&c);
	return EXIT_OK;
}
