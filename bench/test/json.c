/* json.c - one object a line, and what it has to hold. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "bench/test/json.h"

static const struct {
	const char *name;
	bool string;
} key[] = {
	{"bench", true},
	{"metric", true},
	{"value", false},
	{"unit", true},
	{"spread", false},
	{"n", false},
	{"note", true},
};

#define KEYS (sizeof(key) / sizeof(*key))

static bool
take(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static bool
take_escape(const char **s)
{
	if (!take(s, 'u'))
		return **s && strchr("\"\\/bfnrt", *(*s)++);
	for (int i = 0; i < 4; i++)
		if (!isxdigit((unsigned char)*(*s)++))
			return false;
	return true;
}

/* A string, plain ASCII inside. */
static bool
take_string(const char **s)
{
	if (!take(s, '"'))
		return false;
	while (**s && **s != '"') {
		unsigned char c = (unsigned char)*(*s)++;

		if (c < 0x20 || c >= 0x7f)
			return false;
		if (c == '\\' && !take_escape(s))
			return false;
	}
	return take(s, '"');
}

static bool
take_digits(const char **s)
{
	const char *from = *s;

	while (isdigit((unsigned char)**s))
		(*s)++;
	return *s > from;
}

static bool
take_number(const char **s)
{
	take(s, '-');
	if (!take(s, '0') && !take_digits(s))
		return false;
	if (take(s, '.') && !take_digits(s))
		return false;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			take(s, '-');
		return take_digits(s);
	}
	return true;
}

const char *
json_wrong(const char *line)
{
	const char *s = line;

	for (unsigned i = 0; i < KEYS; i++) {
		size_t len = strlen(key[i].name);

		if (!take(&s, i ? ',' : '{'))
			return "the object does not go on";
		if (!take(&s, '"') || strncmp(s, key[i].name, len))
			return "another key was expected";
		s += len;
		if (!take(&s, '"') || !take(&s, ':'))
			return "the key is longer, or has no value";
		if (key[i].string ? !take_string(&s) : !take_number(&s))
			return "the value is no such thing";
	}
	if (!take(&s, '}') || *s)
		return "the object does not end where it should";
	return NULL;
}
