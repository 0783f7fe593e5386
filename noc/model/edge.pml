/* edge.pml - two cores and the edge between them: parking, credit, sleep,
 * bells, on a machine with store buffers (x86 TSO).
 *
 * The statements follow edge.c and hub.c, and inlines bear the names of the
 * functions that they stand for. A step is one load, or one store, or one
 * fence, and what the core does privately after it.
 *
 * Sizes: S slots, N0 and N1 requests sent by core 0 and core 1, CAP stores in
 * a store buffer, BURST runs served in a turn at most.
 * Variants: OWN_FENCES (the kernel has no heavy fence), NARROW (core 1, the
 * network side, serves only when it could park the answer, and can park one),
 * SPIN (an idle core may go on polling), EAGER (credit is given back in each
 * turn, as edge.c does, and not only when it must be).
 * Mutations: the macros BREAK_*, one for each fence or check; see `check`.
 */
#ifndef S
#define S 2
#endif
#ifndef N0
#define N0 2
#endif
#ifndef N1
#define N1 1
#endif
#ifndef CAP
#define CAP 4
#endif
#ifndef BURST
#define BURST 2
#endif

/* What a core shows to the other one: its slots, then its page. */
#define TAKEN  S
#define ASLEEP (S + 1)
#define WORDS  (S + 2)

/* A message: lap, more, answer, the request's number, the run's place in the
 * order of sending. */
#define LAP	   1
#define MORE	   2
#define ANSWER	   4
#define NUMBER(m)  (((m) >> 3) & 7)
#define PLACE(m)   ((m) >> 6)
#define RUN(what, number, place) \
	((what) | ((number) << 3) | (((place) & 3) << 6))
#define LAP_OF(n)  ((((n) / S) & 1) ^ 1)
#define FULL(m, n) (((m) & LAP) == LAP_OF(n))
#define SLOTS(m)   (((m) & MORE) -> 2 : 1)

/* The second request of a side is a run of two slots, where it fits. */
#define REQUEST(n) ((n) == 2 && S > 1 -> MORE : 0)
#define REQUESTS(core) ((core) -> N1 : N0)

/* The asleep word: an episode, and these. */
#define IS_ASLEEP    1
#define WANTS_CREDIT 2
#define EPISODE	     4

/* Most runs parked: an answer to each request, and a request. */
#if N0 > N1
#define PARKS (1 + N0)
#else
#define PARKS (1 + N1)
#endif

byte mem[2 * WORDS];
chan buffer[2] = [CAP] of { byte, byte };
bool bell[2];
byte rung[2];	/* private to each core; global for new_episode() alone */
byte answered;	/* answers delivered to both; no part of the protocol */

#define DELIVERED (answered == N0 + N1)
#define ROOM	  (seen + S - head)

#ifndef NARROW
#define MAY_SERVE true
#else
#ifndef BREAK_BOTH_HOLD
#define MAY_SERVE (i == 0 || !parked)
#else
#define MAY_SERVE !parked
#endif
#endif

/* --- memory --------------------------------------------------------------*/

/* A store waits in the core's buffer until it drains, oldest first. Nobody
 * but the other core reads the word. So it is enough to let the buffer drain
 * when the other core loads, up to a store to the word that is loaded, or not;
 * at a fence; and when it overflows. */
inline drain(core)
{
	buffer[core]?a, v;
	mem[(core) * WORDS + a] = v
}

inline drain_all(core)
{
	do
	:: nempty(buffer[core]) -> drain(core)
	:: empty(buffer[core]) -> break
	od
}

inline store(word, value)
{
	atomic {
		if
		:: full(buffer[i]) -> drain(i)
		:: nfull(buffer[i])
		fi;
		buffer[i]!word, value;
		a = 0;
		v = 0
	}
}

/* To be used in an atomic. */
inline load(to, word)
{
	do
	:: buffer[1 - i]??[eval(word), _] ->
		do
		:: drain(1 - i);
			if
			:: a == (word) -> break
			:: else
			fi
		od
	:: break
	od;
	to = mem[(1 - i) * WORDS + (word)];
	a = 0;
	v = 0
}

inline full_fence()
{
	d_step { drain_all(i); a = 0; v = 0 }
}

inline heavy_fence()
{
	d_step { drain_all(i); drain_all(1 - i); a = 0; v = 0 }
}

/* --- sending -------------------------------------------------------------*/

/* Sets `yes`: there is room for n slots. To be used in an atomic. */
inline has_credit(n)
{
	if
	:: ROOM >= (n)
	:: else -> load(seen, TAKEN)
	fi;
	yes = (ROOM >= (n))
}

/* fifo_put(): of two slots the first is written last. Nobody looks at the
 * other one before, hence one step. To be used in an atomic. */
inline put(m)
{
	if
	:: m & MORE ->
		store((head + 1) % S, (m ^ MORE) | LAP_OF(head + 1));
		store(head % S, m | LAP_OF(head));
		head = head + 2
	:: else ->
		store(head % S, m | LAP_OF(head));
		head++
	fi;
	wrote = true;
	yes = false
}

inline unpark()
{
	a = 1;
	do
	:: a < parked -> park[a - 1] = park[a]; a++
	:: else -> break
	od;
	parked--;
	park[parked] = 0;
	a = 0
}

inline retry_parked()
{
	do
	:: atomic {
		parked -> has_credit(SLOTS(park[0]));
		if
		:: yes
		:: else -> break
		fi
	   };
	   atomic { put(park[0]); unpark() }
	:: !parked -> break
	od
}

#ifdef BREAK_ORDER
#define MAY_PUT true
#else
#define MAY_PUT !parked
#endif

#ifdef BREAK_NO_PARKING
inline wait_for_credit(m)
{
	do
	:: yes -> break
	:: else ->
		atomic {
			nempty(buffer[1 - i]) ||
				mem[(1 - i) * WORDS + TAKEN] != seen;
			has_credit(SLOTS(m))
		}
	od
}
#else
/* To be used in an atomic. */
inline park_unless_yes(m)
{
	if
	:: !yes -> park[parked] = m; parked++; m = 0
	:: else
	fi
}
#endif

inline edge_send(m)
{
#ifndef BREAK_ORDER
	if
	:: parked -> retry_parked()
	:: else
	fi;
#endif
	atomic {
		if
		:: MAY_PUT -> has_credit(SLOTS(m))
		:: else
		fi;
#ifndef BREAK_NO_PARKING
		park_unless_yes(m)
#endif
	};
#ifdef BREAK_NO_PARKING
	wait_for_credit(m);
#endif
	if
	:: atomic { yes -> put(m); m = 0 }
	:: !yes
	fi
}

/* Does the other one sleep? The bell is no fence. */
inline look()
{
#ifdef OWN_FENCES
#ifndef BREAK_PRODUCER_FENCE
	full_fence();
#endif
#endif
	atomic {
		load(x, ASLEEP);
		if
#ifdef BREAK_RING_ONCE
		:: !(x & IS_ASLEEP) || rung[i]
#else
		:: !(x & IS_ASLEEP) || x == rung[i]
#endif
		:: else ->
			yes = wrote || (x & WANTS_CREDIT);
#ifndef BREAK_NOTED_UNRUNG
			if
			:: yes -> rung[i] = x
			:: else
			fi
#else
			rung[i] = x
#endif
		fi;
		x = 0
	};
	if
	:: atomic { yes -> bell[1 - i] = true; yes = false }
	:: !yes
	fi
}

/* May leave credit for later, but not if the core goes to sleep. To be used
 * in an atomic. */
inline tell()
{
	if
	:: told == tail
#ifdef BREAK_TELL
	:: told != tail && !work
#endif
#ifndef EAGER
	:: told != tail && work
#endif
#ifdef BREAK_TELL
	:: told != tail && work ->
#else
	:: told != tail ->
#endif
		store(TAKEN, tail);
		told = tail;
		gave = true
	fi
}

#if defined(BREAK_CREDIT_BELL)
#define MUST_LOOK wrote
#elif defined(BREAK_MESSAGE_BELL)
#define MUST_LOOK (gave && !wrote)
#else
#define MUST_LOOK (wrote || gave)
#endif

inline edge_flush()
{
#ifdef BREAK_LOOK_FIRST
	wrote = wrote || told != tail || parked;
	if
	:: wrote -> look()
	:: else
	fi;
#endif
	retry_parked();
	atomic { tell() };
#ifndef BREAK_LOOK_FIRST
	if
	:: MUST_LOOK -> look()
	:: else
	fi;
#endif
	d_step { wrote = false; gave = false }
}

/* --- receiving -----------------------------------------------------------*/

/* To be used in an atomic. The answer to a request is left in `m`. */
inline handle()
{
	if
	:: m & ANSWER ->
		answered++;
		got++;
		assert(NUMBER(m) == got && got <= made);
		m = 0
	:: else ->
		asked++;
		assert(NUMBER(m) == asked && asked <= REQUESTS(1 - i));
		m = RUN(ANSWER, asked, made + asked - 1)
	fi
}

/* One run, in order, once. Leaves the loop if there is none. */
inline serve_one()
{
	atomic {
		burst < BURST -> load(m, tail % S);
		if
		:: FULL(m, tail) && MAY_SERVE
		:: else -> m = 0; break
		fi;
		burst++;
		work = true;
		tail++;
		m = m & ~LAP;
		assert(PLACE(m) == ((asked + got) & 3));
		if
		:: m & MORE
		:: else -> handle()
		fi
	};
	if
	:: atomic {
		m & MORE -> load(x, tail % S);
		assert(FULL(x, tail));
		assert((x & ~LAP) == (m ^ MORE));
		tail++;
		x = 0;
		handle()
	   }
	:: !(m & MORE)
	fi;
	if
	:: m -> edge_send(m)
	:: !m
	fi
}

/* --- sleeping ------------------------------------------------------------*/

/* A new episode's number is one that was never used (2^30 of them). Here it is
 * one that is not in use, which is the same to everybody: in use is what the
 * other side can still see; what it remembers matters only if it sees it. */
inline new_episode()
{
	x = mem[i * WORDS + ASLEEP];
#if defined(BREAK_EPISODE) || defined(BREAK_RING_ONCE)
	x = EPISODE | IS_ASLEEP;
#else
	if
	:: rung[1 - i] == x
	:: else -> rung[1 - i] = 0
	fi;
	x = (x / EPISODE == 1 -> 2 : 1) * EPISODE + IS_ASLEEP;
#endif
}

inline edge_fall_asleep()
{
	atomic {
		new_episode();
#ifndef BREAK_WANTS
		if
		:: parked -> x = x + WANTS_CREDIT
		:: else
		fi;
#endif
		store(ASLEEP, x);
		x = 0
	}
}

#ifdef BREAK_PENDING_HOLD
#define MAY_SERVE_PENDING true
#else
#define MAY_SERVE_PENDING MAY_SERVE
#endif

/* Sets `yes`: there is something to do after all. */
inline edge_pending()
{
#ifndef BREAK_RECHECK
	atomic {
		load(x, tail % S);
		yes = FULL(x, tail) && MAY_SERVE_PENDING;
		x = 0
	};
#endif
#ifndef BREAK_RECHECK_CREDIT
	if
	:: !yes && parked ->
		atomic { load(x, TAKEN); yes = (x != seen); x = 0 }
	:: else
	fi
#endif
}

inline fence_of_sleeper()
{
#if defined(BREAK_FENCE) || defined(BREAK_SLEEPER_FENCE)
	skip
#elif defined(BREAK_HALF_FENCE) || defined(OWN_FENCES)
	full_fence()
#else
	heavy_fence()
#endif
}

/* --- a core --------------------------------------------------------------*/

proctype core(bit i)
{
	byte park[PARKS], parked;
	byte head, seen;	/* of the ring that we fill; *taken as read */
	byte tail, told;	/* of the ring that we empty */
	byte made, asked, got;	/* requests sent, received; answers received */
	byte burst;
	byte m, x, a, v;
	bool work, wrote, gave, yes;
	bool due;		/* a device woke us: a request is to be sent */

turn:
	do
	:: serve_one()
	:: burst -> break
	od;

	/* The core's own work comes when it comes. */
	if
	:: made < REQUESTS(i) && !parked ->
		made++;
		m = RUN(REQUEST(made), made, made + asked - 1);
		work = true;
		due = false;
		edge_send(m)
	:: !due || parked
	fi;

	edge_flush();

	if
	:: work -> work = false; burst = 0; goto turn
#ifdef SPIN
	:: !work -> goto turn
#endif
	:: !work
	fi;

	/* hub.c: fall_asleep() */
	edge_fall_asleep();
	fence_of_sleeper();
	edge_pending();
	if
	:: yes ->
		yes = false;
		store(ASLEEP, 0);
		goto turn
	:: else
	fi;
#ifdef BREAK_HUSH_LATE
	bell[i] = false;
#endif
	if
	:: bell[i] ->
		bell[i] = false;
		store(ASLEEP, 0);
		goto turn
	:: made < REQUESTS(i) && !parked ->
		due = true;
		store(ASLEEP, 0);
		goto turn
	:: DELIVERED
	fi
}

init
{
	atomic { run core(0); run core(1) }
}
