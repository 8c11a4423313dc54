"""One submission and a class: the only place where labs meet execution."""
