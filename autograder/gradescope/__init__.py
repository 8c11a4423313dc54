"""The grader in Gradescope's container: the archive that an instructor uploads, and the program that it runs for each submission.

`package` makes the archive on the instructor's machine; `run` works in the container; `settings` is what the one tells the other.
"""
