"""Reports made from verdicts: the terminal, result files, graded notebooks and nbgrader's gradebook."""
