# servers.sh - sourced by the bench kv: servers in namespaces of its own or on
# shared memory, clients, and how both end. What is said of a client that ran
# lies in $dir/got.
#
#	begin_memif, begin_veth, begin_memcached	a server that answers
#	by_memif, by_veth				a client; all is well
#	stop, end_memcached				the server's end
#
# Anything that fails ends the bench, with one line.

s=dlkv$$s c=dlkv$$c name=dlkv$$ dir=$(mktemp -d) pid='' client=''
text=''
mib=256 # a million items of 128 bytes, and room
table=(-o hashpower=20) # of all, that nobody's grows while it is measured
chmod 755 "$dir"

end() {
	local p
	for p in $client $pid; do
		{ kill "$p"; wait "$p"; } 2>/dev/null
	done
	ip netns del $s 2>/dev/null
	ip netns del $c 2>/dev/null
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' INT TERM HUP

failed() { # WHY
	local last
	last=$(cat "$dir"/log.* 2>/dev/null | grep -v "no 2 MiB pages" |
		tail -n 1)
	echo "kv: $text: $1${last:+: $last}" >&2
	exit 1
}

namespaces() {
	local ns cc
	ip netns add $s && ip netns add $c || exit 1
	for ns in $s $c; do # BBR's pacing would be the victim's handicap
		for cc in cubic reno; do
			ip netns exec $ns sysctl -qw 2>/dev/null \
				net.ipv4.tcp_congestion_control=$cc && break
		done
	done
	[ $cc = cubic ] || echo "kv: the kernel's side runs $cc: cubic is not" \
		"allowed here" >&2
}
namespaces

# In the background, so that a signal ends the bench at once; and with it.
begin() { # LOG COMMAND...
	local log=$1
	shift
	setpriv --pdeathsig TERM "$@" 2>"$dir/log.$log" &
}

alive() { kill -0 "$pid" 2>/dev/null || failed "the server ended"; }

# --- clients -----------------------------------------------------------------

ran() { # COMMAND...: its output in $dir/got; its status
	local status
	begin client "$@" >"$dir/got"
	client=$!
	wait $client
	status=$?
	client=
	return $status
}

on_memif() {
	ran taskset -c "$near" "$dlibos" run --name "${name}c" --mode rtc \
		--idle poll --port "memif:@$name,client,trust" \
		--ip 10.98.0.1/24 -- "$bin/kvload_dlibos" --to 10.98.0.2 "$@"
}

on_veth() { # CPUS OPTION...
	local on=$1
	shift
	ran ip netns exec $c taskset -c "$on" "$bin/kvload" --to 10.97.0.2 "$@"
}

of_got() { sed -nE "s/.*\"$1\": ([0-9]+).*/\1/p" "$dir/got"; }

# Nothing failed, and each get found its value.
well() {
	local done failed missed
	done=$(of_got requests) failed=$(of_got failed) missed=$(of_got missed)
	[ "${done:-0}" -gt 0 ] && [ "$failed$missed" = 00 ] ||
		failed "operations failed or found nothing: ${done:-0}$(
		) operations, $failed failed, $missed found nothing"
}

came_back() { # STATUS WHY_NOT
	alive
	[ "$1" = 0 ] || [ ! -s "$dir/got" ] || well # which says more
	[ "$1" = 0 ] || failed "$2"
	well
}

work=(--gets 0.99 --pipeline 4 -c 64)

by_memif() { # OPTION...
	on_memif --keys "$keys" "${work[@]}" -d "$seconds" "$@"
	came_back $? "the load generator failed"
}

by_veth() { # CPUS OPTION...
	local on=$1
	shift
	on_veth "$on" --keys "$keys" "${work[@]}" -d "$seconds" "$@"
	came_back $? "the load generator failed"
}

fill_memif() {
	on_memif --keys "$keys" -c 64 --pipeline 8 --load only
	came_back $? "it cannot be filled"
}

fill_veth() { # CPUS KEYS OPTION...
	on_veth "$1" --keys "$2" -c 64 --pipeline 64 --load only "${@:3}"
	came_back $? "it cannot be filled"
}

# Until one key can be stored.
await() { # COMMAND...
	local i
	for i in $(seq 200); do
		alive
		"$@" --keys 1 -c 1 --timeout 1 --load only && return
		sleep 0.1
	done
	failed "nobody answers, $i times"
}

# --- ours --------------------------------------------------------------------

# The name of a socket without a file ends in bytes that are zero.
socket_is() { grep -q "@$name" /proc/net/unix && on_memif "$@"; }

begin_memif() { # TEXT CPUS OPTION...
	local on=$2
	text=$1 in_server=()
	shift 2
	begin server taskset -c "$on" "$dlibos" run --name "$name" "$@" \
		--app-memory $((mib + 16)) \
		--port "memif:@$name,server,trust" --ip 10.98.0.2/24 -- \
		"$bin/memcached" -m "$mib" "${table[@]}"
	pid=$!
	await socket_is
	fill_memif
}

begin_veth() { # TEXT CPUS KEYS PROGRAM_OPTION... -- OPTION...
	local on=$2 many=$3 program=()
	text=$1 in_server=(ip netns exec $s)
	shift 3
	while [ "$1" != -- ]; do
		program+=("$1")
		shift
	done
	shift
	begin server "${in_server[@]}" taskset -c "$on" "$dlibos" run \
		--name "$name" --app-memory $((mib + 16)) \
		--port "veth:dlk$$,netns=$c,peer=dlv$$" --ip 10.97.0.2/24 \
		"$@" -- "$bin/memcached" "${table[@]}" \
		"${program[@]}"
	pid=$!
	await on_veth "$near"
	fill_veth "$near,$far" "$many"
}

stop() {
	"${in_server[@]}" "$dlibos" stop "$name" >/dev/null
	wait "$pid" || failed "it ended with status $?"
	pid=
}

# --- Debian's ----------------------------------------------------------------

cpu_ticks() { # of the process and its CPU's softirqs
	local p q
	p=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
	q=$(awk -v c="cpu$far" '$1 == c { print $8 }' /proc/stat)
	echo $((p + q))
}

begin_memcached() {
	text="Debian's memcached"
	ip link add dlv$$ netns $c type veth peer name dlk$$ netns $s
	ip -n $c addr add 10.97.0.1/24 dev dlv$$
	ip -n $s addr add 10.97.0.2/24 dev dlk$$
	ip -n $c link set dlv$$ up
	ip -n $s link set dlk$$ up
	# As on a wire, and as our own port has it.
	ip netns exec $c ethtool -K dlv$$ tx off tso off gso off gro off \
		>/dev/null
	ip netns exec $s ethtool -K dlk$$ tx off tso off gso off gro off \
		>/dev/null
	begin server ip netns exec $s taskset -c "$far" memcached -u nobody \
		-l 10.97.0.2 -p 11211 -U 0 -t 1 -m "$mib" "${table[@]}"
	pid=$!
	await on_veth "$near"
	fill_veth "$near" "$keys"
}

end_memcached() {
	kill "$pid"
	wait "$pid" # a signal is its only end
	pid=
	ip -n $c link del dlv$$
}
