/* hugepages.h - lends a test some 2 MiB pages, and takes them back. */
#ifndef MEM_TEST_HUGEPAGES_H
#define MEM_TEST_HUGEPAGES_H

#include <stdbool.h>
#include <stdio.h>

#define HUGEPAGES "/proc/sys/vm/nr_hugepages"

static long hugepages_before = -1;

static inline void
hugepages_write(long n)
{
	FILE *f = fopen(HUGEPAGES, "w");

	if (!f)
		return;
	fprintf(f, "%ld\n", n);
	fclose(f);
}

static inline long
hugepages_read(void)
{
	FILE *f = fopen(HUGEPAGES, "r");
	long n = -1;

	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

/* Whether `more` pages beyond those of before are there now. */
static inline bool
hugepages_lend(long more)
{
	hugepages_before = hugepages_read();
	if (hugepages_before < 0)
		return false;
	hugepages_write(hugepages_before + more);
	return hugepages_read() >= hugepages_before + more;
}

static inline void
hugepages_return(void)
{
	if (hugepages_before >= 0)
		hugepages_write(hugepages_before);
}

#endif
