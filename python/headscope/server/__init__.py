"""The Jupyter server's half: saved captures are shown with no kernel. Loads neither torch nor transformers at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "headscope.server"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    from jupyter_server.utils import url_path_join

    from headscope.server.handler import ROUTE, SavedCapture

    route = url_path_join(server.web_app.settings["base_url"], ROUTE)
    server.web_app.add_handlers(".*$", [(route, SavedCapture)])  # type: ignore[no-untyped-call]
