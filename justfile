# Every command of the project. `just` alone lists them.
_:
    @just --list --unsorted

# lint, format, types, and which room imports which
check:
    uv run ruff check
    uv run ruff format --check
    uv run mypy
    uv run mypy .ci/*.py docs/hooks.py
    uv run lint-imports

# the project's own tests; arguments go to pytest
test *arguments:
    uv run pytest {{ arguments }}

# the whole contract of all katas or one, as CI holds it: `just contract 03`
contract kata="":
    uv run kata dev check {{ kata }}

# every starter, reference, alternative and mistake, of all katas or one, check by check in pytest: `just corpus 03`
corpus kata="":
    uv run pytest solutions/{{ kata }}

# run every notebook; what its cells show must be what they show in the repository, but for what is measured
notebooks *arguments:
    uv run pytest -p nbval --nbval-lax --nbval-cell-timeout=120 notebooks {{ arguments }}

# run notebooks and keep what they show now: all, or one such as `just record-notebooks notebooks/lab_bench.ipynb`
record-notebooks +files="notebooks/*.ipynb":
    uv run jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.timeout=120 \
        --ExecutePreprocessor.record_timing=False {{ files }}
    uv run ruff format notebooks

# grade entries of the corpus so many times in all, half of them with the cores busy; compare verdicts and tokens
flaky runs="100":
    uv run .ci/flaky {{ runs }}

# build the site and serve it; pictures are found by grading, and kept in .cache/site
docs:
    NO_MKDOCS_2_WARNING=1 uv run mkdocs serve --strict

# build the site and open every page of it in a browser, as CI does
site:
    uv run .ci/site .cache/browse

# print the marks: seconds to a verdict, against a bare uvicorn, and memory
bench:
    uv run python -m grader.bench

# all that must hold before a change lands, as CI runs it: of what is committed
ci:
    bash .ci/run
