"""Marks in the form that learning platforms and data analysis take.

Every module is pure: it gets marks, and the platform's own export as bytes, and returns bytes and a
report of what would change. None of them opens a file or a gradebook.
"""
