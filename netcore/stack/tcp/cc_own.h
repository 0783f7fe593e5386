/* cc_own.h - what the congestion controls share among themselves. */
#ifndef NETCORE_STACK_TCP_CC_OWN_H
#define NETCORE_STACK_TCP_CC_OWN_H

#include "netcore/stack/tcp/cc.h"

uint32_t cc_slow_start(struct cc *c, uint32_t bytes);
void cc_remember(struct cc *c);
void cc_restore(struct cc *c);

#endif
