"""Labs as notebooks, notebooks as labs, and the text of their cells. Knows nothing of running code or of marks."""
