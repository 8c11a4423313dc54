"""Grade submissions, one or a whole class. Only this package uses both labs and execution."""
