"""Grade submissions, one or a whole class. Of the engine, only this package uses both labs and execution."""
