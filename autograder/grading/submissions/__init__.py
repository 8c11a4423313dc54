"""Students' files: find them, read them within bounds, repair them."""
