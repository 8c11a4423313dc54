"""What a lab is, as plain data, and how it is read from its folder. Knows nothing of notebooks or of running code."""
