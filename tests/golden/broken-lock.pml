/*
 * broken-lock, 2 blocks: a model for Spin 6, written by splitproof.
 * The lock is tested in one step and set in another
 *
 *     spin -a -o2 FILE && gcc -O2 -DSAFETY -w -o pan pan.c && ./pan -c0 -m1000000
 *
 * One d_step is one step of the design. Spin stores as many states as the design has and one more, in which no
 * initial state has been chosen yet. It counts the transitions of the design, one for each initial state, and one
 * to begin with.
 * With -o2 Spin keeps variables that only properties read; without it, it would count other states.
 * ./pan -A counts states without judging anything. Spin reports the number of a violated assertion:
 *
 *   !(1)  mutual-exclusion: at most one processor is inside
 *   left out: left-can-enter (possible)
 */
#define BLOCKS 2
#define mutual_exclusion 1

#define Phase_OUTSIDE 0
#define Phase_SAW_FREE 1
#define Phase_INSIDE 2

unsigned taken : 1;  /* a processor holds the lock [lock word] */
unsigned left : 2;  /* how far left is [memory of left] */
unsigned right : 2;  /* how far right is [memory of right] */

/* left: The processor goes outside and gives the lock back. lock.py:59 */
inline left_leave() {
  (
    (left == Phase_INSIDE)  /* when(s[own] == Phase.INSIDE) lock.py:62 */
  ) ->
  taken = false;
  left = Phase_OUTSIDE
}

/* right: The processor goes outside and gives the lock back. lock.py:59 */
inline right_leave() {
  (
    (right == Phase_INSIDE)  /* when(s[own] == Phase.INSIDE) lock.py:62 */
  ) ->
  taken = false;
  right = Phase_OUTSIDE
}

/* left: The processor finds the lock free. lock.py:78 */
inline left_test() {
  (
    (left == Phase_OUTSIDE)  /* when(s[own] == Phase.OUTSIDE) lock.py:81 */
    && (!taken)  /* when(~s.taken) lock.py:82 */
  ) ->
  left = Phase_SAW_FREE
}

/* left: The processor takes the lock that it saw free, and goes inside. lock.py:85 */
inline left_set_and_enter() {
  (
    (left == Phase_SAW_FREE)  /* when(s[own] == Phase.SAW_FREE) lock.py:88 */
  ) ->
  taken = true;
  left = Phase_INSIDE
}

/* right: The processor finds the lock free. lock.py:78 */
inline right_test() {
  (
    (right == Phase_OUTSIDE)  /* when(s[own] == Phase.OUTSIDE) lock.py:81 */
    && (!taken)  /* when(~s.taken) lock.py:82 */
  ) ->
  right = Phase_SAW_FREE
}

/* right: The processor takes the lock that it saw free, and goes inside. lock.py:85 */
inline right_set_and_enter() {
  (
    (right == Phase_SAW_FREE)  /* when(s[own] == Phase.SAW_FREE) lock.py:88 */
  ) ->
  taken = true;
  right = Phase_INSIDE
}

active proctype design() {
  if
  :: d_step { skip }
  fi;
end:
  do
  :: d_step { left_leave() }
  :: d_step { right_leave() }
  :: d_step { left_test() }
  :: d_step { left_set_and_enter() }
  :: d_step { right_test() }
  :: d_step { right_set_and_enter() }
  :: d_step { (left == Phase_INSIDE) && (right == Phase_INSIDE) -> assert(!mutual_exclusion) }
  od
}
