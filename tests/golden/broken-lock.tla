------------------------------ MODULE BrokenLock ------------------------------
\* broken-lock, 2 blocks: a model for TLC, written by splitproof.
\* The lock is tested in one step and set in another
\*
\* A step of the module is a step of the design. Fairness is of each choice of an action's blocks by itself.
\* A step that changes nothing is no step here, so that properties of steps do not judge it.
\* left out: left-can-enter (possible)
EXTENDS Integers

CONSTANTS
  Block,  \* the blocks of the volumes
  Data  \* what a block can hold

\* What a variable holds while it means nothing.
FirstBlock == CHOOSE block \in Block : TRUE
FirstData == CHOOSE data \in Data : TRUE

VARIABLES
  taken,  \* a processor holds the lock [lock word]
  left,  \* how far left is [memory of left]
  right  \* how far right is [memory of right]

vars == <<taken, left, right>>

TypeOK ==
  /\ taken \in BOOLEAN
  /\ left \in {"OUTSIDE", "SAW_FREE", "INSIDE"}
  /\ right \in {"OUTSIDE", "SAW_FREE", "INSIDE"}

Init ==
  /\ taken = FALSE
  /\ left = "OUTSIDE"
  /\ right = "OUTSIDE"

\* left: The processor goes outside and gives the lock back. lock.py:59
left_leave ==
  /\ (left = "INSIDE")  \* when(s[own] == Phase.INSIDE) lock.py:62
  /\ taken' = FALSE
  /\ left' = "OUTSIDE"
  /\ UNCHANGED <<right>>

\* right: The processor goes outside and gives the lock back. lock.py:59
right_leave ==
  /\ (right = "INSIDE")  \* when(s[own] == Phase.INSIDE) lock.py:62
  /\ taken' = FALSE
  /\ right' = "OUTSIDE"
  /\ UNCHANGED <<left>>

\* left: The processor finds the lock free. lock.py:78
left_test ==
  /\ (left = "OUTSIDE")  \* when(s[own] == Phase.OUTSIDE) lock.py:81
  /\ (~taken)  \* when(~s.taken) lock.py:82
  /\ left' = "SAW_FREE"
  /\ UNCHANGED <<taken, right>>

\* left: The processor takes the lock that it saw free, and goes inside. lock.py:85
left_set_and_enter ==
  /\ (left = "SAW_FREE")  \* when(s[own] == Phase.SAW_FREE) lock.py:88
  /\ taken' = TRUE
  /\ left' = "INSIDE"
  /\ UNCHANGED <<right>>

\* right: The processor finds the lock free. lock.py:78
right_test ==
  /\ (right = "OUTSIDE")  \* when(s[own] == Phase.OUTSIDE) lock.py:81
  /\ (~taken)  \* when(~s.taken) lock.py:82
  /\ right' = "SAW_FREE"
  /\ UNCHANGED <<taken, left>>

\* right: The processor takes the lock that it saw free, and goes inside. lock.py:85
right_set_and_enter ==
  /\ (right = "SAW_FREE")  \* when(s[own] == Phase.SAW_FREE) lock.py:88
  /\ taken' = TRUE
  /\ right' = "INSIDE"
  /\ UNCHANGED <<left>>

Next ==
  \/ left_leave
  \/ right_leave
  \/ left_test
  \/ left_set_and_enter
  \/ right_test
  \/ right_set_and_enter

Spec ==
  /\ Init
  /\ [][Next]_vars

\* at most one processor is inside
mutual_exclusion == ~((left = "INSIDE") /\ (right = "INSIDE"))
================================================================================
\* For TLC. SYMMETRY would be unsound with the properties over time, and is not declared.
SPECIFICATION Spec
CONSTANTS
  Block = {block0, block1}
  Data = {data0, data1}
CHECK_DEADLOCK FALSE
INVARIANTS
  TypeOK
  mutual_exclusion
