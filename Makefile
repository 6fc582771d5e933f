# The commands of the repository. CONTRIBUTING.md says what each is for.

.PHONY: run admin check test test-javascript test-postgresql bench soak fuzz icons messages tour requirements help
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
COMPILE := .venv-compile/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

help:
	@echo 'make run      start tomato at http://127.0.0.1:8000'
	@echo 'make admin    make an operator account for /admin/'
	@echo 'make check    formatting, lint, types, deployment settings, migrations'
	@echo 'make test     make check, and every test'
	@echo 'make bench    a quarter of an hour of measuring, beside others, into bench/results/; ARGS="--only memory" for less'
	@echo 'make soak     twenty minutes of breaking tomato on purpose; ARGS="--seed 7 --minutes 2" for others'
	@echo 'make fuzz     five minutes of nonsense on every socket and route; ARGS="--seed 7 --minutes 1" for others'

# Bound to make, so that it stops when make is killed.
run: .venv/installed
	@exec $(PYTHON) tomato/bound.py SIGTERM - $(PYTHON) -m tomato.run

admin: export DJANGO_SUPERUSER_EMAIL ?= operator@localhost
admin: .venv/installed
	@[ -t 0 ] || [ "$$DJANGO_SUPERUSER_USERNAME" -a "$$DJANGO_SUPERUSER_PASSWORD" ] || { echo 'make admin asks for a name and a' \
		'password: run it in a terminal, or set DJANGO_SUPERUSER_USERNAME and DJANGO_SUPERUSER_PASSWORD.' >&2; exit 1; }
	@$(PYTHON) manage.py migrate --verbosity 0
	@exec $(PYTHON) manage.py createsuperuser $(if $(DJANGO_SUPERUSER_PASSWORD),--no-input)

check: .venv/installed-for-tests
	@.venv/bin/ruff format --check --quiet . || { echo 'Some files are not formatted: run .venv/bin/ruff format .'; exit 1; }
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@scratch=$$(mktemp -d) && trap 'rm -r "$$scratch"' EXIT && \
		export TOMATO_DATA_DIR="$$scratch" TOMATO_HTTPS=1 TOMATO_SECRET_KEY="$$(head -c 48 /dev/urandom | base64)" && \
		$(PYTHON) manage.py check --deploy --fail-level WARNING && \
		$(PYTHON) manage.py makemigrations --check --dry-run

# Without compiled files each of the many processes that tests start would compile all of tomato anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: .venv/installed-for-tests
	@$(PYTHON) -m tests.support.programs
	@$(MAKE) --jobs --output-sync check test-javascript test-postgresql
	@$(PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# Playwright brings a Node.js of its own, so the machine needs none.
test-javascript:
	@$$(echo .venv/lib/python*/site-packages/playwright/driver/node) --test --test-reporter=dot tests/javascript/*.test.js

test-postgresql:
	@echo 'What keeps something in the database, on PostgreSQL:'
	@$(PYTHON) -m tests.support.postgresql -m postgresql tests/integration

bench: .venv/installed-for-tests
	@$(PYTHON) -m bench $(ARGS)

soak: .venv/installed-for-tests
	@$(PYTHON) -m tests.soak $(ARGS)

messages: .venv/installed
	@$(PYTHON) -m tools.compile_messages

fuzz: .venv/installed-for-tests
	@$(PYTHON) -m pytest --hypothesis-profile=explore -m hypothesis tests/unit
	@$(PYTHON) -m tests.fuzz $(ARGS)

icons: .venv/installed-for-tests
	@$(PYTHON) -m tools.draw_icons

tour: .venv/installed-for-tests
	@$(PYTHON) -m tests.support.programs
	@$(PYTHON) -m tools.tour $(ARGS)

# Writes the pins anew, within what the .in files allow; `make requirements UPGRADE=--upgrade` takes the newest.
requirements: .venv-compile/installed
	@CUSTOM_COMPILE_COMMAND='make requirements' $(COMPILE) $(UPGRADE) --output-file requirements/base.txt requirements/base.in
	@CUSTOM_COMPILE_COMMAND='make requirements' $(COMPILE) $(UPGRADE) --output-file requirements/test.txt requirements/test.in

.venv/installed: requirements/base.txt
	@python=$$(./requirements/find-a-python) && "$$python" -m venv .venv
	@echo 'Installing what tomato needs into .venv. This is done once and takes about a minute.'
	@$(INSTALL) --requirement requirements/base.txt
	@touch $@

.venv/installed-for-tests: .venv/installed requirements/test.txt
	@echo 'Installing what the tests need into .venv.'
	@$(INSTALL) --requirement requirements/test.txt
	@touch $@

.venv-compile/installed:
	@python=$$(./requirements/find-a-python) && "$$python" -m venv .venv-compile
	@.venv-compile/bin/python -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2
	@touch $@
