"""How values cross between a student process and an examiner, one module per kind."""
