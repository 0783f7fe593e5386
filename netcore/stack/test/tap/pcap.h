/* pcap.h - writes frames to a file that tshark and tcpdump read. */
#ifndef NETCORE_STACK_TEST_TAP_PCAP_H
#define NETCORE_STACK_TEST_TAP_PCAP_H

#include <stdint.h>
#include <stdio.h>
#include <sys/uio.h>

/* NULL: errno. fclose() ends it. */
FILE *pcap_open(const char *path);
void pcap_frame(FILE *f, const struct iovec *v, int n);

#endif
