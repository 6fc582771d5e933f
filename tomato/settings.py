"""Django's settings, made from `environment.py`. The two apps read `settings.TOMATO` at their outermost edge only."""

import os
import sys
from datetime import timedelta
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

# It has `runserver` speak ASGI, and brings all of Twisted, which no other process is to carry.
DEVELOPMENT_SERVER = ["daphne"] if "runserver" in sys.argv else []

INSTALLED_APPS = [
    *DEVELOPMENT_SERVER,
    "operators.apps.TomatoAdminConfig",
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
    "operators.apps.OperatorsConfig",
]

MIDDLEWARE = [
    "tomato.health.ask_by_any_name",
    "tomato.cors.share_with_named_origins",
    "tomato.refusals.refusals_in_json",
    "django.middleware.security.SecurityMiddleware",
    "tomato.static.StaticFiles",
    "tomato.policies.Policies",
    "tomato.language.speak_to_the_visitor",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tomato.identity.DeviceMiddleware",
    "tomato.tracing.trace_requests",
    "tomato.unavailable.Unavailable",
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
    else:
        # What an event loop has asked runs in many threads, most of them short-lived: none can keep a connection, and one for
        # each query is dear. Those that died with their server are noticed when they are taken out of the pool.
        pool = {"min_size": 1, "max_size": 8, "timeout": 5, "reconnect_timeout": 5, "max_idle": 60}
        database["OPTIONS"] = {"connect_timeout": 5, **database.get("OPTIONS", {}), "pool": pool}
        database["CONN_HEALTH_CHECKS"] = True
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
AXES_HANDLER = "tomato.login.WrongTries"
AXES_CLIENT_IP_CALLABLE = "tomato.login.address_of"
AXES_LOCKOUT_CALLABLE = "tomato.login.tell_to_wait"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Who waits is let in after that time, whatever they try meanwhile, and writes nothing.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # it would keep every log-in for ever
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

USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [CHECKOUT / "locale"]
LANGUAGE_COOKIE_NAME = "tomato_language"  # other sites on this machine may have Django's
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING_CONFIG = None
logging_to("DEBUG" if DEBUG else "INFO")
