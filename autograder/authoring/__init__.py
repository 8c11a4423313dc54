"""What the author of a lab and CI use: prove, measure and publish labs, run lectures."""
