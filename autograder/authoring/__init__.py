"""What the author of a lab and CI use: build, prove, measure, publish."""
