"""The warm engine's client: papermill's own, talking to a kernel in a child of the warm parent.

Time-outs, tags and errors are papermill's and nbclient's; only kernel and
transport differ.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import signal
import socket
from typing import Any

import nbformat
from jupyter_client import KernelClient
from jupyter_client.provisioning import KernelProvisionerFactory
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from papermill.log import logger
from papermill.utils import merge_kwargs, remove_args

from reporting import reads
from reporting.batch import parent
from reporting.batch.inputs import COLD
from reporting.batch.line import NotAlone
from reporting.batch.shell import IOPUB, SHELL, pack, send, serve, unpack
from reporting.batch.warm import ENGINE, WIDGETS, known, refusal

#: Seconds a kernel gets to end by itself, as nbclient's own.
_FAREWELL = 5.0
#: Options of papermill's engine that the notebook client does not take.
_OTHERS = ["input_path", "timeout", "startup_timeout", "start_timeout", "execution_timeout"]


class Engine(NBClientEngine):
    """Runs a notebook in a child of the warm parent, or, what cannot run there, in an ordinary kernel."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Run the cells; the options are those of papermill's own engine."""
        if why := refusal(nb_man.nb, kernel_name):
            logger.info(f"Not in the in-process shell: {why}")
            if why == WIDGETS and known(ENGINE):
                return super().execute_managed_notebook(nb_man, ENGINE, **options)
            return super().execute_managed_notebook(nb_man, kernel_name, **_told(kernel_name, options))
        limit = options.get("execution_timeout") or options.get("timeout")
        own = remove_args(_OTHERS, **options)
        client = _Client(nb_man, **merge_kwargs(own, timeout=limit, kernel_name=kernel_name, log=logger))
        try:
            return client.execute()
        except NotAlone as error:
            logger.warning(f"An ordinary kernel is used: {error}")
            return super().execute_managed_notebook(nb_man, kernel_name, **_told(kernel_name, options))


def _told(kernel_name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Options for an ordinary kernel of Python; where what is read is recorded, it records."""
    if reads.FILE not in os.environ or "ipykernel_launcher" not in known(kernel_name):
        return options
    return {**options, "extra_arguments": [*options.get("extra_arguments", ()), COLD]}


def ready() -> None:
    """Make beforehand what the libraries make at their first use: the notebook format's check, the list of kernels."""
    for minor in (4, 5):
        nbformat.validate(nbformat.from_dict({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": minor}))
    KernelProvisionerFactory.instance()
    known("python3")


class _Kernel:
    """A kernel in a child of the warm parent, as nbclient manages one."""

    has_kernel = False
    ipykernel = True

    def __init__(self) -> None:
        self._held = contextlib.ExitStack()

    def start_kernel(self, extra_arguments: list[str], **_: Any) -> None:
        """Fork it."""
        self._line = self._held.enter_context(parent.parent())
        self.end, theirs = socket.socketpair()
        with theirs:
            arguments = ["-f", "kernel.json", *extra_arguments]
            self.number, self.pid = self._line.fork(serve, arguments, fds=(theirs.fileno(),))
        self.has_kernel, self._over = True, False

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.has_kernel and not self.ended(0.0)

    def ended(self, timeout: float) -> bool:
        """Whether it has ended, or ends in time."""
        self._over = self._over or self._line.ended(timeout) is not None
        return self._over

    def interrupt_kernel(self) -> None:
        """What Ctrl-C does."""
        os.kill(self.pid, signal.SIGINT)

    def shutdown_kernel(self, now: bool = False) -> None:
        """Let it end by itself, or by force when it does not."""
        self.end.shutdown(socket.SHUT_RDWR)
        if now or not self.ended(_FAREWELL):
            self._line.end(self.number)

    def cleanup_resources(self) -> None:
        """Whatever it left running ends with the line."""
        self.has_kernel = False
        self.end.close()
        self._held.close()


class _Channel:
    """Messages of one channel, as nbclient reads them."""

    def __init__(self, client: _KernelClient, name: bytes) -> None:
        self.client, self.name = client, name
        self.heard: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def send(self, message: dict[str, Any]) -> None:
        """Send a request."""
        send(self.client.end, pack(self.name, self.client.session.serialize(message)))

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        self.client.listen()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                if message := await self.heard.get():
                    return message
                # The kernel is dead, and all that it said has been read.
                self.heard.put_nowait(None)
                await self.client.dead()
        raise queue.Empty


class _KernelClient(KernelClient):
    """A client over one socket, bound to the notebook client that waits for its answers."""

    def __init__(self, end: socket.socket, waits: _Client) -> None:
        super().__init__()
        self.end, self.waits = end, waits
        self.session.key = b""
        self.channels = {name: _Channel(self, name) for name in (SHELL, IOPUB)}
        self._listening: asyncio.Task[None] | None = None

    @property
    def shell_channel(self) -> _Channel:
        """Requests and replies."""
        return self.channels[SHELL]

    @property
    def iopub_channel(self) -> _Channel:
        """What the kernel publishes."""
        return self.channels[IOPUB]

    def listen(self) -> None:
        """Read the socket while somebody waits."""
        if self._listening is None:
            self._listening = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        reader, self._writer = await asyncio.open_unix_connection(sock=self.end.dup(), limit=2**20)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                name, frames = await unpack(reader)
                _, frames = self.session.feed_identities(frames)
                self.channels[name].heard.put_nowait(self.session.deserialize(frames))
        for channel in self.channels.values():
            channel.heard.put_nowait(None)

    async def dead(self) -> None:
        """Tell who waits for a reply that none will come."""
        waiting = self.waits.task_poll_for_reply
        if waiting is not None and not waiting.done():
            waiting.cancel()
        await asyncio.Event().wait()

    def is_alive(self) -> bool:
        """Whether the kernel runs."""
        return self.waits.km.is_alive()

    def start_channels(self, *_: Any, **__: Any) -> None:
        """The socket is there."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """A child of the warm parent is ready when it answers."""

    def stop_channels(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()


class _Client(PapermillNotebookClient):
    """papermill's client, with a kernel in a child of the warm parent."""

    def create_kernel_manager(self) -> _Kernel:
        """The kernel's manager."""
        self.km = _Kernel()
        return self.km

    async def async_start_new_kernel_client(self) -> _KernelClient:
        """The kernel's client."""
        self.kc = _KernelClient(self.km.end, self)
        self.kc.allow_stdin = False
        return self.kc

    async def _async_poll_kernel_alive(self) -> None:
        """The end of the socket tells at once that a kernel is dead; nobody need ask every second."""

    def start_new_kernel_client(self, **_: Any) -> _KernelClient:
        """The kernel's client."""
        self.kc = _KernelClient(self.km.end, self)
        self.kc.allow_stdin = False
        return self.kc
