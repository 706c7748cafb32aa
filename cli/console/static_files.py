"""Files that pages load: style sheets, scripts, pictures. Nothing comes from elsewhere."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).with_name("static")
_KEPT = "public, max-age=31536000, immutable"


@lru_cache(maxsize=64)
def static_address(name: str) -> str:
    """Where a page finds a file; the address changes with its bytes, so that a browser may keep it for ever."""
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


class KeptStaticFiles(StaticFiles):
    """The files, which a browser that asked by digest may keep."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER, follow_symlink=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file; see `StaticFiles`."""
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse):
            response.headers["Cache-Control"] = (
                _KEPT if b"v=" in scope.get("query_string", b"") else "no-cache"
            )
        return response
