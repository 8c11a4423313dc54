"""Run the steps of a notebook: start processes, exchange messages with them, and end them.

Knows nothing of labs and marks.
"""
