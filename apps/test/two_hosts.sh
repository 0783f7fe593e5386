# two_hosts.sh - sourced by the tests of the whole system, after `set -u` and
# `build=`: an instance in one network namespace, clients of the kernel's in
# another. Each test ends what it began, also when it is killed itself.
#
#	two_hosts NAME TOOL...	makes them; ends with 77 where it cannot
#	begin PROGRAM...	in the background, its number in $begun
#	ended PID		asks it to end; waits for it
#	check WHAT GOT WANTED	one line; counts failures
#	verdict			the last line, and the test's status

dlibos=$build/bin/dlibos
failures=0 begun='' launcher='' running=''

two_hosts() {
	local tool
	test_name=$1
	shift
	if [ "$(id -u)" != 0 ]; then
		echo "$test_name: not tried: it takes root to make network" \
			"namespaces"
		exit 77
	fi
	for tool in ip python3 "$@"; do
		command -v "$tool" >/dev/null || {
			echo "$test_name: not tried: there is no $tool"
			exit 77
		}
	done
	server=dlt$$s client=dlt$$c dir=$(mktemp -d) || exit 1
	trap two_hosts_end EXIT
	trap 'exit 1' INT TERM HUP
	chmod 755 "$dir"
	ip netns add $server && ip netns add $client || exit 1
	ip -n $client link set lo up
}

two_hosts_end() {
	local pid
	for pid in $running; do
		ended "$pid"
	done
	ip netns del $server 2>/dev/null
	ip netns del $client 2>/dev/null
	rm -rf "$dir"
}

check() {
	if [ "$2" = "$3" ]; then
		echo "ok: $1"
	else
		echo "FAILED: $1: got '$2', wanted '$3'"
		failures=$((failures + 1))
	fi
}

at() { ip netns exec "$@"; }

# Not by a function in the background: its number would be a shell's, whose
# child lives on when it is killed. What it says goes where the caller says.
begin() {
	setpriv --pdeathsig TERM "$@" &
	begun=$!
	running="$running $begun"
}

forget() { # PID, which was waited for
	local pid rest=
	for pid in $running; do
		[ "$pid" = "$1" ] || rest="$rest $pid"
	done
	running=$rest
}

ended() { # PID: the status
	local status
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	status=$?
	forget "$1"
	return $status
}

# An instance of the name of the test; its end of the veth is in $client.
launch() { # OPTION... -- PROGRAM...
	begin ip netns exec $server "$dlibos" run --name "$test_name" \
		--oversubscribe --port veth:dls$$,netns=$client,peer=dlc$$ \
		"$@" 2>"$dir/log"
	launcher=$begun
}

# Until somebody listens there; ends the test if nobody ever does.
answers() { # ADDRESS PORT
	local i
	for i in $(seq 200); do
		at $client timeout 1 bash -c \
			"exec 3<>/dev/tcp/$1/$2" 2>/dev/null && return
		kill -0 "$launcher" 2>/dev/null || break
		sleep 0.1
	done
	cat "$dir/log"
	echo "FAILED: nobody answers at $1:$2 ($i)"
	exit 1
}

stop() {
	at $server "$dlibos" stop "$test_name" >/dev/null
	wait "$launcher"
	check "it ends" $? 0
	forget "$launcher"
	launcher=
	check "nothing is left in the namespaces" \
		"$(ip -n $server -o link | grep -c dls$$)$(
			ip -n $client -o link | grep -c dlc$$)" 00
	check "no process is left there" "$(ip netns pids $server | wc -l)" 0
	check "no sanitizer had to say anything" "$(grep -cE \
		'ERROR: AddressSanitizer|runtime error:' "$dir/log")" 0
}

status() { at $server "$dlibos" status "$test_name"; }
# The process of a domain that has one, and how often it was started again.
process() { status | sed -nE "s/^($1) .*process ([1-9][0-9]*),.*/\2/p"; }
restarts() { status | sed -nE "s/^($1) .*restarts //p"; }

verdict() {
	[ $failures = 0 ] || [ ! -f "$dir/log" ] || tail -40 "$dir/log"
	echo "$test_name: $failures failures"
	[ $failures = 0 ]
}
