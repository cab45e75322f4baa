"""Bounded model checking: the ground steps as clauses for a SAT solver."""
