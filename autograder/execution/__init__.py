"""Steps run from outside: start processes, talk to them, watch them, end them. Knows no lab and no mark."""
