/* first.h - for programs that are something else in each domain. */
#ifndef APPS_TEST_FIRST_H
#define APPS_TEST_FIRST_H

#include <stdbool.h>

/* Whether this process is the first application domain of its instance. Called
 * before domain_join(), which it leaves as if it had not been called; ends the
 * process where there is no instance. */
bool first_is(void);

#endif
