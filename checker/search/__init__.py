"""Explicit search: every reachable state, and what is asked of the states, steps and graph that it finds."""
