"""Django's settings for the tests: those of a fresh data directory and the defaults, whatever the caller's environment says.

Only the database can be another one: that of `TEST_DATABASE_URL`, as `tests/support/postgresql.py` sets it.
"""

import atexit
import os
import shutil
import tempfile

for name in list(os.environ):
    if name.startswith("TOMATO_") or name == "DATABASE_URL":
        del os.environ[name]

data_dir = tempfile.mkdtemp(prefix="tomato-tests-")
atexit.register(shutil.rmtree, data_dir, ignore_errors=True)
os.environ["TOMATO_DATA_DIR"] = data_dir
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")

from tomato.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False

# Straight from the source: nothing is collected for a test.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = True
