c = get_config()  # noqa: F821
c.ClearSolutions.begin_solution_delimeter = "ANSWER>"
c.ClearSolutions.end_solution_delimeter = "<ANSWER"
c.ClearSolutions.code_stub = {"python": "...  # here"}
c.ClearHiddenTests.begin_test_delimeter = "SECRET>"
c.ClearHiddenTests.end_test_delimeter = "<SECRET"
