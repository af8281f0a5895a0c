"""The web server, a service beside Faust, whose own is switched off: it answers while tables are recovered."""

import structlog
from aiohttp import web
from mode import Service

from agents.web.security import TOKEN, is_loopback

log = structlog.get_logger(__name__)

SHUTDOWN_SECONDS = 2.0
"""How long open requests may go on when the worker stops."""


class WebServerRefused(Exception):
    """The server may not or cannot listen as it was told; the message says why in one line."""


class WebServer(Service):
    """Serves `app` on host and port; port 0 takes a free one, which `port` then says."""

    def __init__(self, host: str, port: int, app: web.Application) -> None:
        super().__init__()
        self.host = host
        self.port = port
        self._app = app
        self._runner: web.AppRunner | None = None

    async def on_start(self) -> None:
        """Listen. Raises WebServerRefused beyond loopback without a token, and where the address cannot be had."""
        if not self._app[TOKEN] and not is_loopback(self.host):
            raise WebServerRefused(
                f"LAUNCHPULSE_WEB_HOST is {self.host!r}, beyond this machine: that needs LAUNCHPULSE_WEB_TOKEN_FILE"
            )
        runner = self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
        except OSError as error:
            await runner.cleanup()
            self._runner = None
            address = f"LAUNCHPULSE_WEB_HOST {self.host!r}, LAUNCHPULSE_WEB_PORT {self.port}"
            raise WebServerRefused(f"cannot listen on {address}: {error.strerror}") from error
        self.port = runner.addresses[0][1]
        log.info("listening", host=self.host, port=self.port)

    async def on_stop(self) -> None:
        """Stop listening, and let open requests end."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
