"""Encode and decode values of libraries: one module per group of types."""
