/* fifo.pml - one FIFO without end: slots, laps, torn slots, batches, credit.
 *
 * The producer puts batches of one or two messages for ever, the consumer
 * takes them and gives credit back now or later. A message is its number,
 * and both of a slot's words carry it; numbers and indices are taken modulo
 * four laps, so that the run has no end and the states have. The words of a
 * slot drain from the producer's store buffer one by one, in either order, and
 * are loaded one by one, in either order.
 *
 * Sizes: S slots, a power of two; CAP stores in a store buffer.
 * Mutations: the macros BREAK_*, one for each check; see `check`.
 */
#ifndef S
#define S 2
#endif
#ifndef CAP
#define CAP 3
#endif

#define LAPS	  (4 * S)
#define LAP_OF(n) ((((n) / S) & 1) ^ 1)

/* A word: lap, more, the message's number. */
#define LAP	   1
#define MORE	   2
#define NUMBER(w)  ((w) >> 2)
#define WORD(n, more) (LAP_OF(n) | ((more) << 1) | ((n) << 2))
#define AHEAD(a, b) (((a) + LAPS - (b)) % LAPS)

byte slot[2 * S];	/* the words 0, then the words 1 */
byte taken;
chan stores = [CAP] of { byte, byte };	/* the producer's: slot, word */
chan tells = [CAP] of { byte };		/* the consumer's */

/* --- memory --------------------------------------------------------------*/

/* Half a slot becomes visible, then the other half, then the next store. */
active proctype slots_drain()
{
	byte s, w, first;

end:	do
	:: atomic {
		stores?<s, w>;
		if
		:: first = 0
		:: first = 1
		fi;
		slot[first * S + s] = w
	   };
	   atomic {
		stores?s, w;
		slot[(1 - first) * S + s] = w;
		s = 0;
		w = 0;
		first = 0
	   }
	od
}

active proctype taken_drains()
{
	byte t;

end:	do
	:: atomic { tells?t; taken = t; t = 0 }
	od
}

/* --- the producer --------------------------------------------------------*/

#ifdef BREAK_CREDIT
#define ROOM (AHEAD(limit, head) + 1)
#else
#define ROOM AHEAD(limit, head)
#endif

inline put_one(n, more)
{
	stores!((n) % S), WORD(n, more)
}

active proctype producer()
{
	byte head, limit = S, next;

	do
	:: if
	   :: ROOM < 2 ->
		atomic {
			AHEAD(taken + S, limit) || ROOM >= 1;
#ifndef BREAK_REFRESH
			limit = (taken + S) % LAPS
#else
			limit = (head + S) % LAPS
#endif
		}
	   :: else
	   fi;
	   if
	   :: ROOM >= 1 ->
		put_one(head, 0);
		head = (head + 1) % LAPS
	   :: ROOM >= 2 ->
		next = (head + 1) % LAPS;
#ifndef BREAK_BATCH
		put_one(next, 0);
		put_one(head, 1);
#else
		put_one(head, 1);
		put_one(next, 0);
#endif
		head = (head + 2) % LAPS;
		next = 0
	   fi
	od
}

/* --- the consumer --------------------------------------------------------*/

#define LAP_IS(w, n) (((w) & LAP) == LAP_OF(n))

#if defined(BREAK_LAP_0)
#define ACCEPTED(n) LAP_IS(w0, n)
#elif defined(BREAK_LAP_1)
#define ACCEPTED(n) LAP_IS(w1, n)
#elif defined(BREAK_LAP_NONE)
#define ACCEPTED(n) (w0 && w1)
#else
#define ACCEPTED(n) (LAP_IS(w0, n) && LAP_IS(w1, n))
#endif

/* One 16-byte load, perhaps torn. */
inline load(n)
{
	if
	:: w0 = slot[(n) % S]; w1 = slot[S + (n) % S]
	:: w1 = slot[S + (n) % S]; w0 = slot[(n) % S]
	fi
}

inline tell(n)
{
	tells!n;
	told = n
}

/* Nothing to see, nothing to do. */
inline wait_for_lap()
{
#ifdef BREAK_LAP_NONE
	slot[tail % S] && slot[S + tail % S]
#else
	LAP_IS(slot[tail % S], tail) || LAP_IS(slot[S + tail % S], tail)
#endif
}

/* The rest of a batch is there, whole. */
inline take_second()
{
	next = (tail + 1) % LAPS;
#ifdef BREAK_ORDER_OF_LOADS
	if
	:: early -> w0 = a0; w1 = a1
	:: else -> load(next)
	fi;
#else
	load(next);
#endif
	assert(ACCEPTED(next));
	assert(w0 == w1 && NUMBER(w0) == next);
	tail = next
}

inline take()
{
	assert(w0 == w1 && NUMBER(w0) == tail);
	if
	:: w0 & MORE -> take_second()
	:: else
	fi;
progress:
	tail = (tail + 1) % LAPS
}

active proctype consumer()
{
	byte tail, told, next;
	byte w0, w1;
	byte a0, a1;	/* the second slot, looked at too early */
	bool early;

	do
	:: wait_for_lap();
		load(tail);
		if
		:: ACCEPTED(tail) ->
#ifdef BREAK_COPY_TWICE
			tell((tail + 1) % LAPS);
			load(tail);
#endif
			take()
		:: else
		fi;
		w0 = 0;
		w1 = 0;
		next = 0;
		early = false
#ifdef BREAK_ORDER_OF_LOADS
	:: !early ->
		load((tail + 1) % S);
		a0 = w0;
		a1 = w1;
		early = true
#endif
	:: told != tail -> tell(tail)
	od
}
