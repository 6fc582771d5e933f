"""What every answer tells browsers about safety; `settings.py` takes these values over. Knows nothing of the pages."""

from typing import Any

from csp.constants import NONE, SELF

ONE_YEAR_S = 365 * 24 * 3600

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],  # sockets of the same host and port included
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        # A script of a page makes HTML by lit-html alone, and loads no script but the one that keeps the page.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["lit-html", "service-worker"],
    },
}
ONLY_OF_PAGES = ("require-trusted-types-for", "trusted-types")

UNUSED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in UNUSED)

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = (
    "same-origin"  # a room's address lets people in; CSRF checks under HTTPS need the referrer of our own pages
)

# Over HTTPS only.
SECURE_HSTS_SECONDS = ONE_YEAR_S
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked from within, without TLS
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # other names below the operator's domain are not ours to bind to HTTPS,
    "security.W021",  # and no browser should be shipped with a list that has the operator's domain in it
]
