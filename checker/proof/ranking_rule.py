"""Why the premises of a ranking argument suffice, as files for a solver: the steps of the proof of the rule.

They speak of no design, but of the times of one fair run that is pending for ever, and lead to a contradiction. Each
assertion is a premise (`premises`), a promise that the run keeps, what an earlier file claims, an instance of induction
over times, or the opposite of what is claimed. `docs/proofs.md` puts them together: part by part, step by step and
block by block, of which there are finitely many.
"""

from __future__ import annotations

__all__ = ["RULE_FILES"]


def _file(says: str, body: str) -> tuple[str, str]:
    lines = (f"; why the premises of a ranking argument suffice: {says}", "; unsat says that it is so")
    return "\n".join((*lines, "(set-logic UFLIA)", _TIMES, body.strip("\n"), "(check-sat)", "")), says


_TIMES = """; the times of a run that is pending for ever, from `now` on: each has a next one
(declare-sort Time 0)
(declare-const now Time)
(declare-fun next (Time) Time)
; the second is the first or later
(declare-fun later (Time Time) Bool)"""

_RANK = """
; how many blocks a part of the rank has at a time; of a truth value, whether it is true: 0 or 1
(declare-fun size (Time) Int)
; the step from a time to the next one changes the part
(declare-fun changes (Time) Bool)
; premise `falls`: as the parts before it are as they were, nothing is added; so what changes gets less
(assert (forall ((t Time)) (ite (changes t) (< (size (next t)) (size t)) (= (size (next t)) (size t)))))
; blocks are finitely many: of the sizes one is the least, at this time
(declare-const least Time)
(assert (forall ((t Time)) (<= (size least) (size t))))
; induction over times: what each step keeps stays so
(assert (=> (forall ((t Time)) (=> (<= (size t) (size least)) (<= (size (next t)) (size least))))
            (forall ((t Time)) (=> (later least t) (<= (size t) (size least))))))
; claimed: it does not change at that time or later
(assert (exists ((t Time)) (and (later least t) (changes t))))
"""

_CHOICE = """
; the nearest helpful step, for one block if it is taken for one, is ready at a time
(declare-fun ready (Time) Bool)
; one of the others is
(declare-fun other (Time) Bool)
; premise `help`, or what was found for those that are nearer: one of them is ready at each time
(assert (forall ((t Time)) (or (ready t) (other t))))
; either it is ready again and again, or there is a time from which on it never is
(declare-const since Time)
(assert (forall ((t Time)) (=> (later since t) (not (ready t)))))
; claimed: one of the others is ready at each time from then on
(assert (not (forall ((t Time)) (=> (later since t) (other t)))))
"""

_STEP = """
; a helpful step, for one block if it is taken for one, at a time: whether it is needed,
(declare-fun needed (Time) Bool)
; whether its guard holds and it changes something,
(declare-fun possible (Time) Bool)
; whether it is the step from that time to the next one,
(declare-fun taken (Time) Bool)
; and whether a step that is nearer is ready
(declare-fun nearer (Time) Bool)
; the choice: it is ready now, and nothing nearer is from now on
(assert (and (needed now) (possible now)))
(assert (forall ((t Time)) (not (nearer t))))
; premise `progress`, as the rank does not change any more
(assert (forall ((t Time)) (=> (and (needed t) (not (taken t))) (or (needed (next t)) (nearer (next t))))))
(assert (forall ((t Time)) (=> (and (needed t) (taken t)) (nearer (next t)))))
; induction over times: what holds now and is kept by each step holds at all of them
(assert (=> (and (needed now) (forall ((t Time)) (=> (needed t) (needed (next t)))))
            (forall ((t Time)) (needed t))))
"""

_WEAK = """; premise `steady`
(assert (forall ((t Time)) (=> (needed t) (possible t))))
; the promise is kept: what is possible at all times from now on is taken at one of them
(assert (=> (forall ((t Time)) (possible t)) (exists ((t Time)) (taken t))))
"""

_STRONG = """; the choice: it is ready again and again, and so it is possible again and again
(declare-const often Bool)
(assert often)
; the promise is kept: what is possible again and again is taken
(assert (=> often (exists ((t Time)) (taken t))))
"""

RULE_FILES: dict[str, tuple[str, str]] = {
    "rule-1-rank.smt2": _file("a part of the rank changes finitely often", _RANK),
    "rule-2-choice.smt2": _file(
        "a helpful step is ready again and again, and none that is nearer from some time on", _CHOICE
    ),
    "rule-3-weakly-fair.smt2": _file("such a step is taken if its promise is weak", _STEP + _WEAK),
    "rule-4-strongly-fair.smt2": _file("such a step is taken if its promise is strong", _STEP + _STRONG),
}
"""By name, the content and the meaning; `unsat` is the right answer of all of them."""
