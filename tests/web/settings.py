"""The web lab's settings in tests: a folder of its own that goes away, quick password hashes."""

import atexit
import os
import shutil
import tempfile

_home = tempfile.mkdtemp(prefix="rung-web-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["RUNG_LAB"] = _home
os.environ["RUNG_SECRET_KEY"] = "a key of the tests alone, " * 3

from rung.web.settings import *  # noqa: E402, F403
from rung.web.settings import DATABASES  # noqa: E402

DATABASES["default"].setdefault("TEST", {})
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"]["NAME"] = f"{_home}/test.sqlite3"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ACCOUNT_RATE_LIMITS = {}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True
