"""The machine for a number of blocks: ground steps, kept small, packed, and printed as Python."""
