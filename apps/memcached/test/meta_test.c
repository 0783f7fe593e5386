/* meta_test - what memcached 1.6.18 answers to meta commands, to lines whole
 * and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/memcached/test/proto_kit.h"

static const struct kit_row rows[] = {
	{"set a 5 0 3\r\nabc\r\n", "STORED\r\n", false},
	{"mn\r\nmn x\r\nmg\r\nms\r\nmd\r\nma\r\nme\r\nmx a\r\nm\r\nmnn\r\n",
		"MN\r\nMN\r\nERROR\r\nERROR\r\nERROR\r\nERROR\r\nCLIENT_ERROR "
		"bad command line format\r\nERROR\r\nERROR\r\nERROR\r\n",
		false},
	{"mg none\r\nmg none v\r\nmg none O1 k v q\r\nmn\r\nmg none O1 k v\r\n",
		"EN\r\nEN\r\nMN\r\nEN O1 knone\r\n", false},
	{"mg a ff\r\nmg a f f\r\nmg a Z\r\nmg a !\r\nmg a v Q\r\nmg a  v \r\n",
		"HD f5\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR invalid "
		"flag\r\nCLIENT_ERROR invalid flag\r\nCLIENT_ERROR invalid "
		"flag\r\nVA 3\r\nabc\r\n",
		false},
	{"mg YQ== b k v\r\nmg YQ b\r\nmg Y!== b\r\nmg a b\r\n",
		"VA 3 ka\r\nabc\r\nCLIENT_ERROR error decoding "
		"key\r\nCLIENT_ERROR error decoding key\r\nCLIENT_ERROR error "
		"decoding key\r\n",
		false},
	{"mg a T30 t\r\nmg a T t\r\nmg a Tx\r\nmg a T-1\r\nmg a\r\n",
		"HD t30\r\nCLIENT_ERROR bad token in command line "
		"format\r\nCLIENT_ERROR bad token in command line "
		"format\r\nHD\r\nEN\r\n",
		false},
	{"ms m 3\r\nabc\r\nms m 3 c k O5 b\r\nabc\r\n",
		"HD\r\nCLIENT_ERROR error decoding key\r\n", false},
	{"ms m S3\r\nabc\r\nms m\r\nms m x\r\nms m -1\r\n",
		"CLIENT_ERROR bad command line format\r\nERROR\r\nCLIENT_ERROR "
		"bad command line format\r\nCLIENT_ERROR bad command line "
		"format\r\nCLIENT_ERROR bad command line format\r\n",
		false},
	{"ms m 3 T30 F7\r\nabc\r\nmg m t f v\r\n",
		"HD\r\nVA 3 t30 f7\r\nabc\r\n", false},
	{"ms m 3\r\nabcde\r\nmn\r\nmg m v\r\n",
		"CLIENT_ERROR bad data chunk\r\nERROR\r\nMN\r\nVA 3\r\nabc\r\n",
		false},
	{"ms m 3 ME\r\nabc\r\nms m2 3 ME\r\nabc\r\nms m 1 MA\r\nx\r\nms m 1 "
	 "MP\r\ny\r\nmg m v\r\nms m 1 MR\r\nz\r\nms m3 1 MR\r\nz\r\nms m3 1 "
	 "MA\r\nz\r\nms m3 1 MS\r\nz\r\nms m3 1 Mx\r\nz\r\nms m3 1 "
	 "MSET\r\nz\r\nms m3 1 M\r\nz\r\n",
		"NS\r\nHD\r\nHD\r\nHD\r\nVA "
		"5\r\nyabcx\r\nHD\r\nNS\r\nNS\r\nHD\r\nCLIENT_ERROR invalid "
		"mode for ms M token\r\nCLIENT_ERROR incorrect length for M "
		"token\r\nCLIENT_ERROR incorrect length for M token\r\n",
		false},
	{"ms m 1 C1\r\nz\r\nms nom 1 C1\r\nz\r\nms m 1 Cx\r\nz\r\n",
		"EX\r\nNF\r\nCLIENT_ERROR bad token in command line format\r\n",
		false},
	{"ms m 1 I\r\nz\r\nms m 1 I C1\r\nz\r\nmg m v\r\n",
		"HD\r\nHD\r\nVA 1 X W\r\nz\r\n", false},
	{"ms m 1 q k O1\r\nz\r\nms m 1 ME q k O1\r\nz\r\nms m 1 MR q "
	 "k\r\nz\r\nms m 1 C1 q k\r\nz\r\nmn\r\n",
		"NS km O1\r\nEX km\r\nMN\r\n", false},
	{"md m q\r\nmd m q\r\nmd m\r\nmd m k O1\r\nmn\r\n",
		"NF\r\nNF\r\nNF km O1\r\nMN\r\n", false},
	{"set a 0 0 1\r\na\r\nmd a I x\r\nmd a T30\r\nmd a I\r\nmg a s v "
	 "c\r\nms a 1 C1\r\nq\r\nms a 1 I C1\r\nz\r\nmg a v\r\n",
		"STORED\r\nCLIENT_ERROR invalid or duplicate "
		"flag\r\nHD\r\nNF\r\nEN\r\nNF\r\nNF\r\nEN\r\n",
		false},
	{"set a 0 0 1\r\na\r\nma a\r\nma a v\r\nma a q\r\nma a J x\r\nma a "
	 "Jx\r\nma a Nx\r\nma YQ== b k\r\nma a x\r\n",
		"STORED\r\nCLIENT_ERROR cannot increment or decrement "
		"non-numeric value\r\nCLIENT_ERROR cannot increment or "
		"decrement non-numeric value\r\nCLIENT_ERROR cannot increment "
		"or decrement non-numeric value\r\nCLIENT_ERROR invalid or "
		"duplicate flag\r\nCLIENT_ERROR invalid or duplicate "
		"flag\r\nCLIENT_ERROR invalid or duplicate "
		"flag\r\nCLIENT_ERROR cannot increment or decrement "
		"non-numeric value\r\nCLIENT_ERROR invalid or duplicate "
		"flag\r\n",
		false},
	{"ms YQ== 1 b k\r\nz\r\nmg a k v\r\nmg YQ== b k v\r\nmg a b k v\r\n",
		"HD kYQ== b\r\nVA 1 kYQ== b\r\nz\r\nVA 1 kYQ== "
		"b\r\nz\r\nCLIENT_ERROR error decoding key\r\n",
		false},
	{"mg a c k t f h l s v c k t f h l s v c k t f h l s v c k t f h l s v "
	 "c\r\nmn\r\n",
		"CLIENT_ERROR options flags are too long\r\nMN\r\n", false},
	{"ms a 1 k\r\nzz\r\nmn\r\nms a 1 q\r\nzz\r\nmn\r\n",
		"CLIENT_ERROR bad data chunk\r\nERROR\r\nMN\r\nCLIENT_ERROR "
		"bad data chunk\r\nERROR\r\nMN\r\n",
		false},
	{"set a 0 0 1\r\na\r\nmg a t T30 t T30\r\nmg a t T30 t\r\n"
	 "mg a T20 R30\r\nms a 1\r\nb\r\nmg a R30 T20\r\nmg a T20 R30\r\n",
		"STORED\r\nCLIENT_ERROR duplicate flag\r\nCLIENT_ERROR "
		"duplicate flag\r\nHD W\r\nHD\r\nHD\r\nHD W\r\n",
		false},
	{"ma c N100 J7 T50 v t\r\nma c t T60\r\nma c T70 t q\r\nmg c t v h\r\n"
	 "ma d T50 N100 t q\r\nma d f s h l\r\nma d Mi\r\nma d C9 O1 k\r\n",
		"VA 1 t50\r\n7\r\nHD t50\r\nVA 1 t70 h0\r\n9\r\nHD t100\r\n"
		"HD\r\nCLIENT_ERROR invalid mode for ma M token\r\n"
		"EX O1 kd\r\n",
		false},
	{"mg e N30\r\nmg e h u\r\nmg e2 N30 u\r\nmg e2 h\r\n",
		"HD W\r\nHD h1 Z\r\nHD W\r\nHD h0 Z\r\n", false},
	{"ms f 1 MA c\r\nx\r\nms f 1 C5 c\r\nx\r\nms f 1 MR C5\r\nx\r\n"
	 "ms f +1 F4294967297\r\nx\r\nmg f f\r\nmd f C0\r\nms f 1 Ms\r\nx\r\n",
		"NS c0\r\nNF c0\r\nNF\r\nHD\r\nHD f1\r\nEX\r\nCLIENT_ERROR "
		"invalid mode for ms M token\r\n",
		false},
	{"ms f 1 Fx Mxx\r\nx\r\nms f 1 Mxx Fx\r\nx\r\nms f 1 Tx Jx\r\nx\r\n"
	 "mg f Dx\r\nmg f Fx\r\n",
		"CLIENT_ERROR incorrect length for M token\r\nCLIENT_ERROR "
		"incorrect length for M token\r\nCLIENT_ERROR invalid numeric "
		"initial value\r\nCLIENT_ERROR invalid numeric delta value\r\n"
		"CLIENT_ERROR bad command line format\r\n",
		false},
	{"ms Zw== 1 b\r\nx\r\nmd Z-w==xxxx b k I\r\nmd Zw== b k\r\n"
	 "md Zw== b k\r\nme !! b\r\n",
		"HD\r\nHD kZw== b\r\nHD kZw== b\r\nNF kZw== b\r\nCLIENT_ERROR "
		"bad command line format\r\n",
		false},
	{"mg a h O234567890123456789012345678901234\r\n"
	 "md a O234567890123456789012345678901234\r\n",
		"CLIENT_ERROR opaque token too long\r\nCLIENT_ERROR opaque "
		"token too long\r\n",
		false},
	{"set a 0 0 1\r\na\r\nmg a R30 v t\r\ntouch a 10\r\nmg a R30 v t\r\nmg "
	 "a R30 v t\r\nmg a R5 t\r\nmg a Rx\r\n",
		"STORED\r\nVA 1 t-1\r\na\r\nTOUCHED\r\nVA 1 t10 W\r\na\r\nVA 1 "
		"t10 Z\r\na\r\nHD t10 Z\r\nCLIENT_ERROR bad token in command "
		"line format\r\n",
		false},
};

static void
as_memcached_answers(void **state)
{
	(void)state;
	kit_talk(rows, sizeof(rows) / sizeof(*rows));
}

static void
cas_is_told_and_compared(void **state)
{
	static const struct kit_row r[] = {
		{"ms a 1 c k O7\r\nx\r\n", "HD c1 ka O7\r\n", false},
		{"mg a c v O8 k\r\n", "VA 1 c1 O8 ka\r\nx\r\n", false},
		{"ms a 1 C1 k c\r\ny\r\n", "HD ka c2\r\n", false},
		{"ms a 1 C1\r\nz\r\n", "EX\r\n", false},
		{"ma n N0 J5 c\r\nma n c C3 v\r\n", "HD c3\r\nVA 1 c4\r\n6\r\n",
			false},
		{"md a C1\r\nmd a C2 O1\r\n", "EX\r\nHD O1\r\n", false},
	};

	(void)state;
	kit_talk(r, sizeof(r) / sizeof(*r));
}

static void
a_stale_item_has_one_winner(void **state)
{
	static const struct kit_row r[] = {
		{"ms a 1\r\nx\r\nmd a I T30\r\n", "HD\r\nHD\r\n", false},
		{"mg a v t\r\nmg a v\r\n",
			"VA 1 t30 X W\r\nx\r\nVA 1 Z X\r\nx\r\n", false},
	};

	(void)state;
	kit_talk(r, sizeof(r) / sizeof(*r));
}

static void
the_longest_answer_fits(void **state)
{
	static struct kit k;
	char line[700], *at = line;

	(void)state;
	kit_begin(&k);
	at += snprintf(at, 10, "ms ");
	memset(at, 'A', 248); /* in base64, as long as a word may be */
	at += 248;
	snprintf(at, 200, " 1 b k c O%031d\r\nx\r\n", 7);
	assert_memory_equal(kit_ask(&k, line), "HD kAAAA", 8);
	assert_non_null(strstr(k.out, "A b c1 O00000"));
	kit_end(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_memcached_answers),
		cmocka_unit_test(cas_is_told_and_compared),
		cmocka_unit_test(a_stale_item_has_one_winner),
		cmocka_unit_test(the_longest_answer_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
