"""The folder of a course: what `course.toml` says, who is in the class, what was collected. It grades and reports nothing."""
