# wire.sh - what scripts share that hold a server against another one: two
# network namespaces with a wire between them, what a server costs, what a
# client says. To be sourced; what dies is the caller's business.
# shellcheck shell=bash

# The CPUs that we may use, one a line.
wire_cpus() {
	taskset -cp $$ | sed 's/.*: //' | tr , '\n' | awk -F- '{
		for (i = $1; i <= ($2 == "" ? $1 : $2); i++)
			print i
	}'
}

# --- the wire ----------------------------------------------------------------

# Both namespaces, of the server and of the client. BBR's pacing would be the
# kernel's handicap. Prints what congestion control they have.
wire_open() { # SERVER CLIENT
	local ns cc
	ip netns add "$1" && ip netns add "$2" || return 1
	for ns in "$1" "$2"; do
		for cc in cubic reno; do
			ip netns exec "$ns" sysctl -qw 2>/dev/null \
				net.ipv4.tcp_congestion_control=$cc && break
		done
	done
	ip netns exec "$1" sysctl -n net.ipv4.tcp_congestion_control
}

# A veth for a server on the kernel's sockets: PREFIX.2 is the server's, PREFIX.1
# the client's. No offloads: as on a wire, and as our own port has it.
wire_link() { # SERVER CLIENT SERVER_END CLIENT_END PREFIX
	ip link add "$4" netns "$2" type veth peer name "$3" netns "$1" ||
		return 1
	wire_end "$1" "$3" "$5.2"
	wire_end "$2" "$4" "$5.1"
}

wire_end() { # NAMESPACE DEVICE ADDRESS
	ip -n "$1" addr add "$3/24" dev "$2"
	ip -n "$1" link set "$2" up
	ip netns exec "$1" ethtool -K "$2" tx off tso off gso off gro off \
		>/dev/null
}

# --- what a server costs -----------------------------------------------------

# Clock ticks, user and system, of processes.
ticks_of() { # PID...
	local pid
	for pid in "$@"; do
		sed 's/.*) //' "/proc/$pid/stat"
	done | awk '{ t += $12 + $13 } END { print t + 0 }'
}

# Clock ticks in softirqs, where the kernel's network stack works unasked, as far
# as they are in no process's time. A kernel without CONFIG_IRQ_TIME_ACCOUNTING
# charges a softirq to the process that it interrupts, which is the server
# itself for what its own sending sets off; to add those would count them twice.
# There only what a kernel thread does is apart.
softirq_of() { # CPU...
	local cpu
	if softirq_is_apart; then
		awk -v cpus=" $* " 'index(cpus, " " substr($1, 4) " ") &&
			$1 ~ /^cpu[0-9]/ { t += $8 }
			END { print t + 0 }' /proc/stat
		return
	fi
	for cpu in "$@"; do
		pgrep -x "ksoftirqd/$cpu"
	done | { mapfile -t threads; ticks_of "${threads[@]}"; }
}

softirq_is_apart() {
	{ zcat /proc/config.gz || cat "/boot/config-$(uname -r)"; } 2>/dev/null |
		grep -q '^CONFIG_IRQ_TIME_ACCOUNTING=y'
}

# Seconds that cores were busy, by the cycle counter in their loops; of those
# whose domain is called so. FILE is what `dlibos status` said.
busy_of() { # FILE DOMAINS
	sed -nE "s/^($2)[0-9]+ .*busy ([0-9.]+) s\$/\2/p" "$1" |
		awk '{ t += $1 } END { printf "%.9f", t }'
}

# --- nginx -------------------------------------------------------------------

# For the documents in DIR/www.
nginx_conf() { # DIR ADDRESS WORKERS
	cat <<END
worker_processes $3; error_log $1/error.log;
pid $1/pid; events { worker_connections 20000; }
http { access_log off; sendfile on; tcp_nopush on;
	keepalive_requests 1000000000;
	client_body_temp_path $1/1; proxy_temp_path $1/2;
	fastcgi_temp_path $1/3; uwsgi_temp_path $1/4; scgi_temp_path $1/5;
	open_file_cache max=100;
	server { listen $2:80; root $1/www; } }
END
}

# --- what a client says ------------------------------------------------------

number_of() { # NAME JSON
	sed -nE "s/.*\"$1\": ?([0-9.]+).*/\1/p" <<<"$2"
}

# Of wrk --latency, on standard input: requests a second, the median and 99 %
# in us, requests, 90 % in us.
wrk_says() {
	awk '
		function us(t) {
			return t ~ /us$/ ? t + 0 : t ~ /ms$/ ? t * 1e3 : t * 1e6
		}
		$1 == "50%" { p50 = us($2) }
		$1 == "90%" { p90 = us($2) }
		$1 == "99%" { p99 = us($2) }
		/Requests\/sec/ { rate = $2 }
		/requests in/ { n = $1 }
		END { if (rate) print rate, p50, p99, n, p90 }'
}
