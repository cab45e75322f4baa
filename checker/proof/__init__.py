"""Proofs for every number of blocks: the step for z3, the search for an invariant, certificates."""
