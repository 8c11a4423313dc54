"""Notebooks of other nbgrader courses: how their tests have to run, and what counts."""
