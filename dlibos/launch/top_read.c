/* top_read.c - what `dlibos top` takes from the counters, and what it makes of
 * two samples of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/launch/stat.h"

/* --- a sample ------------------------------------------------------------*/

static bool
is_drop(const char *name)
{
	return strstr(name, "drop_") || !strncmp(name, "port.port_", 10);
}

static void
add_drop(struct top_core *c, const char *name, uint64_t v)
{
	if (c->drops == TOP_DROPS || strlen(name) >= sizeof(c->drop->name))
		return;
	snprintf(c->drop[c->drops].name, sizeof(c->drop->name), "%s", name);
	c->drop[c->drops++].value = v;
}

/* "to7.sent" and "to7.received" of any edge. */
static bool
is_message(const char *name)
{
	const char *dot = strchr(name, '.');

	return !strncmp(name, "to", 2) && dot &&
		(!strcmp(dot, ".sent") || !strcmp(dot, ".received"));
}

static void
field(struct top_core *c, const char *name, const char *value)
{
	uint64_t v = strtoull(value, NULL, 10);

	if (!strcmp(name, "cpu"))
		c->cpu = (int)strtol(value, NULL, 10);
	else if (!strcmp(name, "hub.clock_hz"))
		c->clock_hz = v;
	else if (!strcmp(name, "hub.busy_cycles"))
		c->busy_cycles = v;
	else if (!strcmp(name, "hub.asleep_ns"))
		c->asleep_ns = v;
	else if (!strcmp(name, "stack.rx_frames") ||
		!strcmp(name, "stack.tx_frames"))
		c->frames += v;
	else if (!strcmp(name, "gauge.door_conns") ||
		!strcmp(name, "gauge.app_conns"))
		c->conns = v; /* both: they are the same */
	else if (is_message(name))
		c->messages += v;
	else if (is_drop(name))
		add_drop(c, name, v);
}

static struct top_core *
core_of(struct top_sample *s, const char *domain, unsigned core)
{
	for (unsigned i = 0; i < s->cores; i++)
		if (s->core[i].core == core &&
			!strcmp(s->core[i].domain, domain))
			return &s->core[i];
	if (s->cores == LIMIT_CORES)
		return NULL;
	s->core[s->cores] = (struct top_core){.core = core, .cpu = -1};
	snprintf(s->core[s->cores].domain, sizeof(s->core->domain), "%s",
		domain);
	return &s->core[s->cores++];
}

void
top_read(struct top_sample *s, char *text)
{
	char *key, *value, role[8] = "";

	s->cores = 0;
	while ((text = stat_line(text, &key, &value))) {
		char *dot = strchr(key, '.'), *name;
		struct top_core *c;
		unsigned core;

		if (!dot)
			continue;
		*dot = '\0';
		if (!strcmp(dot + 1, "role"))
			snprintf(role, sizeof(role), "%.7s", value);
		name = strchr(dot + 1, '.');
		if (!name || sscanf(dot + 1, "core%u.", &core) != 1)
			continue;
		c = core_of(s, key, core);
		if (!c)
			continue;
		memcpy(c->role, role, sizeof(role));
		field(c, name + 1, value);
	}
}

/* --- two of them ---------------------------------------------------------*/

/* Began anew, if it is less than it was. */
static uint64_t
since(uint64_t was, uint64_t is)
{
	return is >= was ? is - was : is;
}

static double
part(double x)
{
	return x < 0 ? 0 : x > 1 ? 1 : x;
}

struct top_share
top_share(const struct top_core *was, const struct top_core *is, uint64_t ns)
{
	struct top_share s = {0, 0, 0};

	if (!ns || !is->clock_hz)
		return s;
	s.busy = part((double)since(was->busy_cycles, is->busy_cycles) * 1e9 /
		(double)is->clock_hz / (double)ns);
	s.asleep =
		part((double)since(was->asleep_ns, is->asleep_ns) / (double)ns);
	if (s.asleep > 1 - s.busy)
		s.asleep = 1 - s.busy;
	s.idle = 1 - s.busy - s.asleep;
	return s;
}

static void
print_drops(FILE *f, const struct top_core *was, const struct top_core *is,
	double seconds)
{
	for (unsigned i = 0; i < is->drops; i++) {
		const struct top_drop *d = &is->drop[i];
		uint64_t before = 0, n;

		for (unsigned k = 0; k < was->drops; k++)
			if (!strcmp(was->drop[k].name, d->name))
				before = was->drop[k].value;
		n = since(before, d->value);
		if (n)
			fprintf(f, "%9s%s %.0f/s\n", "", d->name,
				(double)n / seconds);
	}
}

static void
print_core(FILE *f, const struct top_core *was, const struct top_core *is,
	uint64_t ns)
{
	struct top_share s = top_share(was, is, ns);
	double seconds = (double)ns * 1e-9;

	fprintf(f, "%-8s %4u %3d %-4s %6.1f %6.1f %7.1f %10.0f %10.0f %8llu\n",
		is->domain, is->core, is->cpu, is->role, s.busy * 100,
		s.idle * 100, s.asleep * 100,
		(double)since(was->frames, is->frames) / seconds,
		(double)since(was->messages, is->messages) / seconds,
		(unsigned long long)is->conns);
	print_drops(f, was, is, seconds);
}

char *
top_screen(const char *instance, const struct top_sample *was,
	const struct top_sample *is)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	uint64_t ns = is->at > was->at ? is->at - was->at : 1;

	if (!f)
		return NULL;
	fprintf(f, "instance %s: %u cores\n", instance, is->cores);
	fprintf(f, "%-8s %4s %3s %-4s %6s %6s %7s %10s %10s %8s\n", "domain",
		"core", "CPU", "role", "busy%", "idle%", "asleep%", "frames/s",
		"messages/s", "conns");
	for (unsigned i = 0; i < is->cores; i++) {
		static const struct top_core none;
		const struct top_core *w = &none, *c = &is->core[i];

		for (unsigned k = 0; k < was->cores; k++)
			if (was->core[k].core == c->core &&
				!strcmp(was->core[k].domain, c->domain))
				w = &was->core[k];
		print_core(f, w, c, ns);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
