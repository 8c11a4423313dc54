"""Notebooks of other nbgrader courses: where each of their tests has to run."""
