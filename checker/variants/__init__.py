"""Designs near the one declared: its small mutants, and the smallest changes that mend it."""
