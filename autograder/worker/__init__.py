"""Everything that runs inside a forked process, beside a student's code. Imports `sandbox` and nothing else of ours."""
