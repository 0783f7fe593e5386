/* json.h - is this line a report's? Only what report.h promises: one object,
 * of exactly its keys, with values of their kinds. */
#ifndef BENCH_TEST_JSON_H
#define BENCH_TEST_JSON_H

/* NULL, or what is wrong with the line (which ends without a newline). */
const char *json_wrong(const char *line);

#endif
