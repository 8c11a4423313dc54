"""Find, read and repair the files that students submit."""
