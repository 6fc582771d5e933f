"""How static files are stored, under names that carry their hash, compressed, with module imports rewritten to match; and sent.

Our own scripts are stored without what only their readers need, which is a third of what a browser would have to fetch.
"""

import asyncio
import re
from typing import Any

from django.core.files.base import ContentFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from servestatic.middleware import ServeStaticMiddleware
from servestatic.storage import CompressedManifestStaticFilesStorage

try:
    import minify
except ImportError:  # where there is no wheel of it, scripts are sent as they are
    minify = None

OTHERS = ("admin/", "vendor/")
HASHED = re.compile(r"\.[0-9a-f]{12}\.[a-z0-9]+$")
INDENT = re.compile(r"^[ \t]+|^\n", re.MULTILINE)


class StaticFiles(ServeStaticMiddleware):
    """Sends those of other releases too, as long as they are there: their pages are still open, or come from a web server that has
    been upgraded before this one."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path not in self.files and path.startswith(self.static_prefix) and HASHED.search(path):
            found = await asyncio.to_thread(self.find_file, path)
            if found is not None:
                return await self.aserve(found, request)
        return await super().__call__(request)


class ModuleStorage(CompressedManifestStaticFilesStorage):
    """The import statements between our ES modules get the hashed names too."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20
    """A pass may settle but one link of the longest chain of imports."""

    def _save(self, name: str, content: Any) -> str:
        if name.endswith(".js") and not any(folder in name for folder in OTHERS):
            script = b"".join(content.chunks()).decode()
            content = ContentFile(bare(script).encode())
        return str(super()._save(name, content))


def bare(script: str) -> str:
    """The same script, shorter. A template may span lines, but how far these are indented means nothing in HTML."""
    return minify.string("application/javascript", INDENT.sub("", script)) if minify else script
