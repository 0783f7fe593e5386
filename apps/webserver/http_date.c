/* http_date.c - the civil calendar by days counted from 1 March, where the leap
 * day is a year's last and months follow a line: no table, no loop, no locale.
 */
#include "apps/webserver/http_date.h"

#include <string.h>

#include "apps/webserver/char.h"

#define DAY	     86400
#define ERA	     146097 /* days in 400 years */
#define MARCH_0_DAYS 719468 /* from 1 March 0000 to 1970 */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "SunMonTueWedThuFriSat";
static const char *const long_days[] = {"Sunday", "Monday", "Tuesday",
	"Wednesday", "Thursday", "Friday", "Saturday"};

struct civil {
	unsigned year, month, day; /* month from 0, day from 1 */
	unsigned hour, minute, second;
};

/* Days since 1970. */
static int64_t
days_of(const struct civil *c)
{
	unsigned shifted = (c->month + 10) % 12; /* from March */
	unsigned year = c->year - (c->month < 2);
	unsigned in_era = year % 400;
	unsigned in_year = (153 * shifted + 2) / 5 + c->day - 1;

	return (int64_t)(year / 400) * ERA + in_era * 365 + in_era / 4 -
		in_era / 100 + in_year - MARCH_0_DAYS;
}

static struct civil
civil_of(int64_t t)
{
	unsigned since = (unsigned)(t / DAY) + MARCH_0_DAYS;
	unsigned second = (unsigned)(t % DAY);
	unsigned d = since % ERA;
	unsigned year = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	unsigned in_year = d - (365 * year + year / 4 - year / 100);
	unsigned shifted = (5 * in_year + 2) / 153;
	struct civil c = {
		.month = (shifted + 2) % 12,
		.day = in_year - (153 * shifted + 2) / 5 + 1,
		.hour = second / 3600,
		.minute = second / 60 % 60,
		.second = second % 60,
	};

	c.year = year + since / ERA * 400 + (c.month < 2);
	return c;
}

static void
two(char *to, unsigned v)
{
	to[0] = (char)('0' + v / 10);
	to[1] = (char)('0' + v % 10);
}

void
http_date_write(char *to, int64_t t)
{
	struct civil c;

	t = t < 0 ? 0 : t > HTTP_DATE_MAX ? HTTP_DATE_MAX : t;
	c = civil_of(t);
	memcpy(to, "ddd, 00 mmm 0000 00:00:00 GMT", HTTP_DATE_LEN);
	memcpy(to, days + (t / DAY + 4) % 7 * 3, 3);
	two(to + 5, c.day);
	memcpy(to + 8, months + (size_t)c.month * 3, 3);
	two(to + 12, c.year / 100);
	two(to + 14, c.year % 100);
	two(to + 17, c.hour);
	two(to + 20, c.minute);
	two(to + 23, c.second);
}

/* Whether p is of a form, in which D, Y, h, m and s take digits, d one or a
 * blank, N a month's name, and all else itself. */
static bool
by_form(const char *form, const char *p, struct civil *c, unsigned *year_digits)
{
	for (; *form; form++, p++) {
		unsigned v = (unsigned)(*p - '0');
		unsigned *field = *form == 'Y'	       ? &c->year
			: *form == 'D' || *form == 'd' ? &c->day
			: *form == 'h'		       ? &c->hour
			: *form == 'm'		       ? &c->minute
			: *form == 's'		       ? &c->second
						       : NULL;

		if (*form == 'N') {
			unsigned m = 0;

			while (m < 12 && memcmp(p, months + (size_t)m * 3, 3))
				m++;
			if (m == 12)
				return false;
			c->month = m;
			p += 2;
		} else if (!field) {
			if (*p != *form)
				return false;
		} else if (*form != 'd' || *p != ' ') {
			if (v > 9)
				return false;
			*field = *field * 10 + v;
			*year_digits += *form == 'Y';
		}
	}
	return true;
}

/* Which of the names p begins with; its length, or 0. */
static size_t
long_day(const char *p, size_t len)
{
	for (unsigned i = 0; i < 7; i++) {
		size_t n = strlen(long_days[i]);

		if (len > n && !memcmp(p, long_days[i], n))
			return n;
	}
	return 0;
}

static bool
short_day(const char *p)
{
	for (unsigned i = 0; i < 7; i++)
		if (!memcmp(p, days + (size_t)i * 3, 3))
			return true;
	return false;
}

static bool
valid(const struct civil *c)
{
	static const uint8_t most[] = {
		31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = c->year % 4 == 0 && (c->year % 100 || c->year % 400 == 0);

	/* A leap second may be named; it is the next minute's first. */
	return c->day >= 1 && c->day <= most[c->month] &&
		(c->month != 1 || c->day < 29 || leap) && c->hour < 24 &&
		c->minute < 60 && c->second <= 60;
}

bool
http_date_parse(const char *p, size_t len, int64_t now, int64_t *t)
{
	static const char imf[] = ", DD N YYYY hh:mm:ss GMT";
	static const char rfc850[] = ", DD-N-YY hh:mm:ss GMT";
	static const char asctime[] = " N dD hh:mm:ss YYYY";
	struct civil c = {0};
	unsigned digits = 0;
	size_t n = long_day(p, len);

	/* A month is three bytes where its form has one. */
	if (n && len - n == sizeof(rfc850) + 1) {
		if (!by_form(rfc850, p + n, &c, &digits))
			return false;
	} else if (len == HTTP_DATE_LEN && short_day(p)) {
		if (!by_form(imf, p + 3, &c, &digits))
			return false;
	} else if (len != 24 || !short_day(p) ||
		!by_form(asctime, p + 3, &c, &digits)) {
		return false;
	}
	if (digits == 2) {
		unsigned this_year = civil_of(now < 0 ? 0 : now).year;

		/* What would be more than 50 years ahead is past. */
		c.year += this_year - this_year % 100;
		if (c.year > this_year + 50)
			c.year -= 100;
	}
	if (!valid(&c))
		return false;
	*t = days_of(&c) * DAY + c.hour * 3600 + c.minute * 60 + c.second;
	return true;
}

void
http_clock_begin(struct http_clock *c, void *memory, int64_t now)
{
	*c = (struct http_clock){.slots = memory, .now = now - 1};
	http_clock_tick(c, now);
}

void
http_clock_tick(struct http_clock *c, int64_t now)
{
	char *slot;

	if (now == c->now)
		return;
	c->now = now;
	c->at = (c->at + 1) % HTTP_CLOCK_SLOTS;
	slot = c->slots + (size_t)c->at * HTTP_CLOCK_SLOT;
	memcpy(slot, "Date: ", 6);
	http_date_write(slot + 6, now);
	memcpy(slot + 6 + HTTP_DATE_LEN, "\r\n\r\n", 4);
	c->line = slot;
}
