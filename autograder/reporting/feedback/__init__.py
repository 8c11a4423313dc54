"""Feedback pages for students: their mark, what every test says, their own code, and comments by hand.

No module here reads a test or a solution: pages are made of verdicts, marks and the student's own notebook.
"""
