"""What people and nbgrader get to see of verdicts."""
