"""Convert labs to notebooks and back, and analyse the text of cells. This package gives no marks."""
