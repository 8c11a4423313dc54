"""Convert labs to notebooks and notebooks to labs, and analyse the text of cells. This package runs no code and gives no marks."""
