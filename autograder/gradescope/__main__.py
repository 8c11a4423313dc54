"""`python -m autograder.gradescope run FOLDER` grades the submission in FOLDER; `prepare FOLDER` makes the image ready."""

from autograder.gradescope.run import main

main()
