/* counters.h - what a stack counts: every drop by its reason, and every
 * decision that is not the usual one. */
#ifndef NETCORE_STACK_COUNTERS_H
#define NETCORE_STACK_COUNTERS_H

/* clang-format off */
#define STACK_COUNTERS(X) \
	X(rx_frames) \
	X(rx_bytes) \
	X(tx_frames) \
	X(tx_bytes) \
	X(drop_bad_frame) \
	X(drop_not_ours) \
	X(rx_not_ours)        /* flows of another share */ \
	X(drop_not_ip) \
	X(drop_unknown_proto) \
	X(fragments) \
	X(reassembled) \
	X(drop_fragment) \
	X(drop_fragment_overlap) \
	X(drop_fragment_full) \
	X(drop_fragment_evicted) \
	X(drop_fragment_late) \
	X(udp_received) \
	X(udp_sent) \
	X(drop_no_port) \
	X(drop_martian) \
	X(drop_cksum) \
	X(drop_no_listener) \
	X(drop_out_of_conns) \
	X(drop_out_of_window) \
	X(drop_old_timestamp) \
	X(drop_bad_ack) \
	X(drop_no_ack_flag) \
	X(drop_ooo_full) \
	X(drop_held) \
	X(drop_ooo_far) \
	X(drop_after_close) \
	X(drop_replies_full) \
	X(arp_requests) \
	X(arp_replies) \
	X(arp_conflicts) \
	X(nd_requests) \
	X(nd_replies) \
	X(nd_conflicts) \
	X(nd_bad) \
	X(nd_router_ignored) \
	X(neigh_ignored) \
	X(neigh_moved) \
	X(neigh_lost) \
	X(neigh_evicted) \
	X(neigh_full) \
	X(neigh_dropped) \
	X(no_route) \
	X(syn_received) \
	X(cookies_sent) \
	X(cookies_taken) \
	X(cookies_bad) \
	X(accepted) \
	X(connected) \
	X(resets_sent) \
	X(resets_received) \
	X(send_refs_full) \
	X(send_quota_full) \
	X(segs_full) \
	X(challenge_acks) \
	X(duplicate_segments) \
	X(ooo_segments) \
	X(retransmits) \
	X(timeouts) \
	X(tail_probes) \
	X(recoveries) X(undone) \
	X(zero_window_probes) \
	X(delayed_acks) \
	X(time_wait_reused) \
	X(time_wait_evicted) \
	X(urgent_ignored) \
	X(give_ups) \
	X(echoes) \
	X(echoes_limited) \
	X(icmp_sent) \
	X(icmp_limited) \
	X(icmp_ignored) \
	X(icmp_not_ours) \
	X(icmp_out_of_window) \
	X(icmp_soft) \
	X(icmp_hard) \
	X(mss_lowered) \
	X(mss_raised) \
	X(black_holes) \
	X(keepalive_probes) \
	X(sacks_limited) \
	X(ecn_ce) \
	X(ecn_ece) \
	X(ecn_reduced) \
	X(ecn_fallbacks)
/* clang-format on */

#endif
