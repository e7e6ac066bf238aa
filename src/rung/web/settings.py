"""Django's settings. Everything that differs between machines comes from the environment.

RUNG_LAB          the folder of the web lab
RUNG_SECRET_KEY   signs sessions and links; a file in the folder otherwise
DATABASE_URL      PostgreSQL, where several servers or many people work; SQLite otherwise
RUNG_HOSTS        host names it answers to, by comma
RUNG_PRODUCTION   "1": refuse insecure settings, cookies over HTTPS only
RUNG_BEHIND_PROXY "1": a proxy on this machine speaks https and says so in X-Forwarded-Proto
RUNG_EMAIL_URL    smtp://user:password@host:port for invitations and forgotten passwords
RUNG_UPLOAD_MB    the largest file it takes
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import dj_database_url

from rung.share import charts
from rung.web import place

HERE = Path(__file__).parent
PRODUCTION = os.environ.get("RUNG_PRODUCTION") == "1"
DEBUG = False
SECRET_KEY = place.secret()
ALLOWED_HOSTS = [h for h in os.environ.get("RUNG_HOSTS", "").split(",") if h] or [
    "127.0.0.1",
    "localhost",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [f"https://{h}" for h in ALLOWED_HOSTS] if PRODUCTION else []

INSTALLED_APPS = [
    "rung.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
MIDDLEWARE = [
    "rung.web.middleware.Policy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "rung.web.accounts.Session",
    "rung.web.middleware.Language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "rung.web.middleware.Problems",
]
ROOT_URLCONF = "rung.web.urls"
WSGI_APPLICATION = "rung.web.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["rung.web.templatetags.words"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rung.web.middleware.surroundings",
            ],
        },
    }
]

# -- the database

_url = os.environ.get("DATABASE_URL")
DATABASES: dict[str, Any] = {
    "default": dict(dj_database_url.parse(_url, conn_max_age=60))
    if _url
    else {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": place.home() / "lab.sqlite3",
        "OPTIONS": {
            # writers wait for each other; a committed change survives a kill -9
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
            "PRAGMA foreign_keys=ON;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # what several processes must agree on: allauth counts failed sign-ins in the default cache
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_shared_cache",
        "OPTIONS": {"MAX_ENTRIES": 20000},
    },
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 2000},
    },
    # the journey's answers, made by the worker as well as by the server; nobody's name is there
    "answers": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": place.home() / "answers",
        "OPTIONS": {"MAX_ENTRIES": 600},
    },
}

# -- people

AUTH_USER_MODEL = "web.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "rung.web.accounts.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # people come by invitation, which went to their address
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # a stranger's address gets no post from here
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/300s/key",
    "reset_password": "20/m/ip,5/m/key",
}
# behind a proxy of ours the limits count the visitor's address, not the proxy's
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if os.environ.get("RUNG_BEHIND_PROXY") == "1" else 0
MFA_ADAPTER = "rung.web.accounts.Factor"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Rung"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}  # type: ignore[assignment]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "rung.web.views.front.expired"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
# the server believes a proxy's word on https only where RUNG_BEHIND_PROXY says that there is one
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = ["^healthz$"]  # asked on this machine
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'", charts.allowed(charts.STYLE)),
    "img-src": ("'self'", "data:"),
    "connect-src": ("'self'",),
    "form-action": ("'self'",),
    "base-uri": ("'none'",),
    "frame-ancestors": ("'none'",),
}

# -- files

STATIC_URL = "/static/"
STATIC_ROOT = place.home() / "static"
STATICFILES_DIRS = [("rung", HERE.parent / "share" / "style")]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
UPLOAD_BYTES = int(os.environ.get("RUNG_UPLOAD_MB") or 1100) << 20
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000  # a mapping of a thousand columns
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_HANDLERS: list[str] = []  # files are read by `receiving.receives` alone
FILE_UPLOAD_PERMISSIONS = 0o600

# -- words and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LANGUAGE_COOKIE_NAME = "rung_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("TZ") or "UTC"

# -- post

_mail = urlparse(os.environ.get("RUNG_EMAIL_URL") or "")
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if _mail.hostname
    else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST = _mail.hostname or ""
EMAIL_PORT = _mail.port or 587
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_TIMEOUT = 15  # seconds: a page does not wait for a post office that is away
EMAIL_USE_TLS = _mail.scheme != "smtp+plain"
DEFAULT_FROM_EMAIL = os.environ.get("RUNG_EMAIL_FROM") or "rung@localhost"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"bare": {"()": "rung.web.middleware.Bare"}},
    "handlers": {
        "err": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["bare"]}
    },
    "root": {"handlers": ["err"], "level": "WARNING"},
    "loggers": {"django": {"handlers": ["err"], "level": "WARNING", "propagate": False}},
}
# whether every sibling of this name speaks https only (W005, W021) is for the name's owner to say
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if not PRODUCTION:
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W008"]
