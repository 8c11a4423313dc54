"""The report of a class for its instructor: marks, statistics of the tests, and the commonest wrong answers.

It shows names, hidden messages and students' code, and is not for students.
"""
