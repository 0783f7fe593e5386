# servers.sh - how each contender is started, and what it has cost so far. To be
# sourced by compare, whose variables it uses.
# shellcheck shell=bash disable=SC2154

# In the server's namespace, on these CPUs; it is what a signal ends. Not a
# pipeline nor a function in the background, whose subshell would be that.
serve() { # CPUS COMMAND...
	local on=$1
	shift
	# shellcheck disable=SC2024
	ip netns exec "$s" taskset -c "$on" "$@" >"$dir/log" 2>&1 &
	server=$!
}

# The program of this project that does the work.
our_program() {
	case $work in
	web | conn) program=("$bin/webserver" "$dir/www") ;;
	kv) # run to completion, each core is a process with keys of its own
		program=("$bin/memcached" -m 64 -c 2048 --mode apart) ;;
	echo) program=("$bin/echo") ;;
	esac
}

# Without a layout both halves of the split share a CPU, if there is one.
start_ours() { # OPTION...
	local program
	our_program
	serve "$behind" "$dlibos" run --name "$name" "$@" --app-memory 80 \
		--port "veth:${name}s,netns=$c,peer=${name}c" \
		--ip "$address/24" -- "${program[@]}"
}

start_dlibos() {
	# shellcheck disable=SC2046
	start_ours $([ "$servers" = 1 ] || echo --layout 1:1)
}
start_rtc() { start_ours --mode rtc; }

kernel_wire() { wire_link "$s" "$c" "${name}s" "${name}c" "${address%.*}"; }

start_nginx() {
	kernel_wire || return 1
	nginx_conf "$dir" "$address" "$servers" >"$dir/nginx.conf"
	serve "$behind" nginx -c "$dir/nginx.conf" -g 'daemon off;'
}

start_memcached() {
	kernel_wire || return 1
	serve "$behind" memcached -u nobody -l "$address" -p 11211 -U 0 \
		-t "$servers" -m 64 -c 2048
}

start_kernel() { # of echo only; else it is another name
	kernel_wire || return 1
	serve "$behind" "$tool/echo_kernel" 7
}

await_server() {
	local i
	for ((i = 0; i < 200; i++)); do
		ip netns exec "$c" timeout 1 bash -c \
			"exec 3<>/dev/tcp/$address/$port" 2>/dev/null && return
		kill -0 "$server" 2>/dev/null || break
		sleep 0.05
	done
	lost "$contender does not answer"
}

stop_server() {
	[ -n "$server" ] || return 0
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=
	# That of an instance is gone with it.
	ip -n "$c" link del "${name}c" 2>/dev/null || true
}

# --- what it has cost --------------------------------------------------------

# A process and all that it began.
family() { # PID
	local child
	echo "$1"
	for child in $(pgrep -P "$1"); do
		family "$child"
	done
}

# Into $cost, $process: ns so far.
look() {
	local hz tick
	hz=$(getconf CLK_TCK)
	tick=$((1000000000 / hz))
	# shellcheck disable=SC2046
	process=$(($(ticks_of $(family "$server")) * tick))
	case $contender in
	dlibos | rtc)
		ip netns exec "$s" "$dlibos" status "$name" >"$dir/status" ||
			lost "no status of $name"
		cost=$(busy_of "$dir/status" 'net|app|rtc')
		cost=$(awk "BEGIN { printf \"%.0f\", $cost * 1e9 }")
		;;
	*)
		# shellcheck disable=SC2046,SC2086
		cost=$((process + $(softirq_of ${behind//,/ }) * tick))
		;;
	esac
}
