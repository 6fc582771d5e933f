"""Django's settings, made from `environment.py`. The two apps read `settings.TOMATO` at their outermost edge only."""

import os
from typing import Any

import environ

from tomato import CannotStart, headers
from tomato.environment import CHECKOUT, Environment
from tomato.logs import logging_to

try:
    TOMATO = Environment.read(os.environ)
except CannotStart as reason:
    raise SystemExit(str(reason)) from None

DEBUG = TOMATO.debug
SECRET_KEY = TOMATO.secret_key
ALLOWED_HOSTS = TOMATO.allowed_hosts
ROOT_URLCONF = "tomato.urls"
ASGI_APPLICATION = "tomato.asgi.application"

INSTALLED_APPS = [
    "daphne",  # before staticfiles, so that `runserver` speaks ASGI
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "channels",
    "csp",
    "servestatic",
    "timers",
    "rooms",
]

MIDDLEWARE = [
    "tomato.refusals.refusals_in_json",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tomato.identity.DeviceMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [CHECKOUT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# The database


def _database() -> dict[str, Any]:
    database = environ.Env.db_url_config(TOMATO.database_url)
    if database["ENGINE"].endswith("sqlite3"):
        # Many processes share the file: readers beside one writer, and a writer that waits its turn.
        database["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    return database


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Live messages

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "tomato.layer.TomatoChannelLayer",
        "CONFIG": {"hosts": list(TOMATO.layer_urls), "prefix": "tomato"},
    },
}

# Operators

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False

# Static files

STATIC_URL = "/static/"
STATIC_ROOT = TOMATO.data_dir / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "tomato.static.ModuleStorage",
    },
}
SERVESTATIC_ALLOW_ALL_ORIGINS = False

# Transport

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TOMATO.https
SECURE_SSL_REDIRECT = TOMATO.https
SECURE_HSTS_SECONDS = headers.SECURE_HSTS_SECONDS if TOMATO.https else 0
SECURE_REDIRECT_EXEMPT = headers.SECURE_REDIRECT_EXEMPT
SECURE_CONTENT_TYPE_NOSNIFF = headers.SECURE_CONTENT_TYPE_NOSNIFF
SECURE_CROSS_ORIGIN_OPENER_POLICY = headers.SECURE_CROSS_ORIGIN_OPENER_POLICY
SECURE_REFERRER_POLICY = headers.SECURE_REFERRER_POLICY
SILENCED_SYSTEM_CHECKS = headers.SILENCED_SYSTEM_CHECKS
CONTENT_SECURITY_POLICY = headers.CONTENT_SECURITY_POLICY
X_FRAME_OPTIONS = headers.X_FRAME_OPTIONS
if TOMATO.proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Language and time

LANGUAGE_CODE = "en-gb"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING_CONFIG = None
logging_to("DEBUG" if DEBUG else "INFO")
