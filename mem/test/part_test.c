/* part_test - making, checking, mapping; what a reader must not accept. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "dlibos/limits.h"
#include "mem/part.h"
#include "mem/test/hugepages.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

static void
readers_see_what_the_writer_writes(void **state)
{
	struct part w, r;
	uint64_t off;

	(void)state;
	assert_int_equal(part_create(&w, PART_APP, 10000, -1, "me"), 0);
	assert_int_equal(w.bytes, 12288);
	assert_int_equal(w.base[12287], 0);
	assert_int_equal(part_open(&r, PART_APP, dup(w.fd), w.bytes), 0);
	off = part_offset(&w, w.base + 5000);
	strcpy((char *)w.base + off, "hello");
	assert_string_equal(part_at(&r, off, 6), "hello");
	part_close_fd(&r);
	strcpy((char *)w.base + off, "again");
	assert_string_equal(part_at(&r, off, 6), "again");
	part_close(&r);
	part_close(&r);
	part_close(&w);
}

static void
offsets_do_not_wrap(void **state)
{
	struct part p;

	(void)state;
	assert_int_equal(part_create(&p, PART_APP, 4096, -1, "me"), 0);
	assert_ptr_equal(part_at(&p, 0, 4096), p.base);
	assert_ptr_equal(part_at(&p, 4096, 0), p.base + 4096);
	assert_null(part_at(&p, 1, 4096));
	assert_null(part_at(&p, 4095, 2));
	assert_null(part_at(&p, 4097, 0));
	assert_null(part_at(&p, UINT64_MAX, 1));
	assert_null(part_at(&p, UINT64_MAX, UINT64_MAX));
	assert_null(part_at(&p, 1, UINT64_MAX));
	part_close(&p);
}

static void
absurd_sizes_are_refused(void **state)
{
	struct part p;

	(void)state;
	assert_int_equal(part_create(&p, PART_APP, 0, -1, "me"), -EINVAL);
	assert_int_equal(
		part_create(&p, PART_APP, LIMIT_PART_MAX + 1, -1, "me"),
		-EINVAL);
	assert_int_equal(
		part_create(&p, PART_APP, UINT64_MAX, -1, "me"), -EINVAL);
	assert_int_equal(part_create(&p, PART_APP, 4096, 5000, "me"), -EINVAL);
}

static int
open_fd(int fd, uint64_t bytes)
{
	struct part p;
	int rc = part_open(&p, PART_APP, fd, bytes);

	if (!rc)
		part_close(&p);
	else
		close(fd);
	return rc;
}

static int
sealed(int seals, off_t size)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	if (seals)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void
a_reader_demands_every_seal(void **state)
{
	static const int seal[] = {
		F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_FUTURE_WRITE, F_SEAL_SEAL};

	(void)state;
	assert_int_equal(open_fd(sealed(SEALS, 4096), 4096), 0);
	assert_int_equal(open_fd(sealed(0, 4096), 4096), -EPERM);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(
			open_fd(sealed(SEALS & ~seal[i], 4096), 4096), -EPERM);
	assert_int_equal(open_fd(sealed(SEALS, 4096), 8192), -ERANGE);
	assert_int_equal(open_fd(sealed(SEALS, 8192), 4096), -ERANGE);
	assert_int_equal(open_fd(sealed(SEALS, 0), 0), -ERANGE);
	assert_int_equal(open_fd(sealed(SEALS, 5000), 5000), -ERANGE);
	assert_int_equal(open_fd(open("/dev/zero", O_RDWR), 4096), -EINVAL);
	assert_int_equal(part_check(-1, 4096), -EINVAL);
}

static void
without_huge_pages_it_falls_back(void **state)
{
	struct part p;

	(void)state;
	/* More than any machine has set aside for pages of 2 MiB. */
	assert_int_equal(
		part_create(&p, PART_APP, LIMIT_PART_MAX / 4, -1, "me"), 0);
	assert_false(p.huge);
	assert_true(p.fallback);
	part_close(&p);
	assert_int_equal(part_create(&p, PART_APP, 4096, -1, "me"), 0);
	assert_false(p.huge || p.fallback);
	part_close(&p);
}

static void
with_huge_pages_it_uses_them(void **state)
{
	struct part w, r;

	(void)state;
	if (!hugepages_lend(2)) {
		hugepages_return();
		print_message("no 2 MiB pages to be had: left out\n");
		skip();
	}
	assert_int_equal(part_create(&w, PART_APP, 3u << 20, -1, "me"), 0);
	assert_true(w.huge);
	assert_int_equal(w.bytes, 4u << 20);
	assert_int_equal(part_open(&r, PART_APP, dup(w.fd), w.bytes), 0);
	w.base[w.bytes - 1] = 7;
	assert_int_equal(r.base[r.bytes - 1], 7);
	part_close(&r);
	part_close(&w);
	hugepages_return();
}

static void
a_range_can_be_bound(void **state)
{
	struct part p;

	(void)state;
	assert_int_equal(part_create(&p, PART_EDGE, 65536, 0, "me"), 0);
	assert_int_equal(part_bind(&p, 4096, 8192, 0), 0);
	assert_int_equal(part_bind(&p, 4096, 100, 0), -EINVAL);
	assert_int_equal(part_bind(&p, 65536, 4096, 0), -EINVAL);
	part_close(&p);
}

static void
the_table_says_who_reads(void **state)
{
	(void)state;
	assert_true(rights_peer_reads(PART_RX, ROLE_APP, false));
	assert_false(rights_peer_reads(PART_RX, ROLE_APP, true));
	assert_true(rights_peer_reads(PART_COPY, ROLE_APP, true));
	assert_true(rights[PART_COPY].one_reader);
	assert_true(rights_peer_reads(PART_APP, ROLE_NET, true));
	assert_false(rights_peer_reads(PART_RX, ROLE_NET, false));
	assert_false(rights_peer_reads(PART_TXHDR, ROLE_APP, false));
	assert_false(rights_peer_reads(PART_APP, ROLE_APP, false));
	assert_true(rights_peer_reads(PART_APP, ROLE_NET, false));
	for (int k = 0; k < PART_KINDS; k++) {
		assert_non_null(rights[k].name);
		assert_true(rights[k].writer & (ROLE_NET | ROLE_APP));
		/* No tool and no device is ever the only reader by accident:
		 * tools see statistics and nothing else. */
		assert_int_equal(
			!!(rights[k].others & ROLE_TOOL), k == PART_STAT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_see_what_the_writer_writes),
		cmocka_unit_test(offsets_do_not_wrap),
		cmocka_unit_test(absurd_sizes_are_refused),
		cmocka_unit_test(a_reader_demands_every_seal),
		cmocka_unit_test(without_huge_pages_it_falls_back),
		cmocka_unit_test(with_huge_pages_it_uses_them),
		cmocka_unit_test(a_range_can_be_bound),
		cmocka_unit_test(the_table_says_who_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
