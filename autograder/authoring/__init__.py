"""Tools for authors of labs and for CI: build, verify, calibrate and publish labs and lectures."""
