"""What the results of a class say about its tests: statistics of verdicts, computed and not displayed.

The modules here know verdicts. They know no files, no pages and no names of students.
"""
