"""Print all marks: `python -m grader.bench`."""

from grader.bench import proxy, verdict

verdict.main()
proxy.main()
