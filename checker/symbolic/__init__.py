"""z3 over the graph of a search: data of any kind."""
