-- broken-lock, 2 blocks: a model for Rumur, written by splitproof.
-- The lock is tested in one step and set in another
--
--     rumur --deadlock-detection off --symmetry-reduction off -o model.c FILE
--     gcc -O3 -mcx16 -w -o model model.c -lpthread && ./model
--
-- Rumur counts the states of the design, and as many rules fired as it has transitions.
-- left out: left-can-enter (possible)

type
  Block: 0..1;
  Blocks: 0..3;  -- a set of blocks, a bit for each
  Data: 0..1;
  Phase: enum { Phase_OUTSIDE, Phase_SAW_FREE, Phase_INSIDE };

var
  taken: boolean;  -- a processor holds the lock [lock word]
  left: Phase;  -- how far left is [memory of left]
  right: Phase;  -- how far right is [memory of right]

startstate "initial state 1"
begin
  taken := false;
  left := Phase_OUTSIDE;
  right := Phase_OUTSIDE;
end;

-- left: The processor goes outside and gives the lock back. lock.py:59
rule "left_leave"
  (left = Phase_INSIDE)  -- when(s[own] == Phase.INSIDE) lock.py:62
==>
begin
  taken := false;
  left := Phase_OUTSIDE;
endrule;

-- right: The processor goes outside and gives the lock back. lock.py:59
rule "right_leave"
  (right = Phase_INSIDE)  -- when(s[own] == Phase.INSIDE) lock.py:62
==>
begin
  taken := false;
  right := Phase_OUTSIDE;
endrule;

-- left: The processor finds the lock free. lock.py:78
rule "left_test"
  (left = Phase_OUTSIDE)  -- when(s[own] == Phase.OUTSIDE) lock.py:81
  & (!taken)  -- when(~s.taken) lock.py:82
==>
begin
  left := Phase_SAW_FREE;
endrule;

-- left: The processor takes the lock that it saw free, and goes inside. lock.py:85
rule "left_set_and_enter"
  (left = Phase_SAW_FREE)  -- when(s[own] == Phase.SAW_FREE) lock.py:88
==>
begin
  taken := true;
  left := Phase_INSIDE;
endrule;

-- right: The processor finds the lock free. lock.py:78
rule "right_test"
  (right = Phase_OUTSIDE)  -- when(s[own] == Phase.OUTSIDE) lock.py:81
  & (!taken)  -- when(~s.taken) lock.py:82
==>
begin
  right := Phase_SAW_FREE;
endrule;

-- right: The processor takes the lock that it saw free, and goes inside. lock.py:85
rule "right_set_and_enter"
  (right = Phase_SAW_FREE)  -- when(s[own] == Phase.SAW_FREE) lock.py:88
==>
begin
  taken := true;
  right := Phase_INSIDE;
endrule;

-- at most one processor is inside
invariant "mutual-exclusion" !((left = Phase_INSIDE) & (right = Phase_INSIDE));
