"""What the results of a class say about its tests, and which works are alike: computed and not displayed.

The modules here know verdicts and sources. They know no files, no pages and no names of students.
"""
