"""Counterexamples: chosen, replayed, explained, and told as text, page, diagram, file or test."""
