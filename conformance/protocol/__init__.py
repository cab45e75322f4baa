"""What is asked of a controller: a table of operations, the values that cross, and how a call gets there."""
