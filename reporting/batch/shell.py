"""A Jupyter kernel without ports: cells run in a child of the warm parent.

It is ipykernel's own application, shell, display hooks and output streams, so
that what a cell displays, prints and raises is what the stock kernel gives.
Only the transport differs: messages go over one Unix socket instead of five
ZeroMQ channels.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import secrets
import select
import socket
import struct
import sys
import threading
import types
from collections.abc import Iterator, Sequence
from typing import Any

import zmq
from ipykernel import ipkernel
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait
from traitlets import DottedObjectName

from reporting.batch import inputs, parent

SHELL, IOPUB = b"s", b"i"
_HEAD = struct.Struct("!cI")
_LENGTH = struct.Struct("!Q")
#: Seconds that output of other processes is waited for at the end of a cell.
_PATIENCE = 2.0


def pack(channel: bytes, frames: Sequence[bytes]) -> bytes:
    """A message for the socket: channel, number of frames, each with its length."""
    parts = [_HEAD.pack(channel, len(frames))]
    for frame in frames:
        parts += [_LENGTH.pack(len(frame)), bytes(frame)]
    return b"".join(parts)


def send(end: socket.socket, message: bytes) -> None:
    """Send a whole message over a socket that an event loop also reads; nobody at the other end is no fault."""
    rest = memoryview(message)
    with contextlib.suppress(ConnectionError):
        while rest:
            try:
                rest = rest[end.send(rest) :]
            except BlockingIOError:
                select.select([], [end], [])


async def unpack(reader: asyncio.StreamReader) -> tuple[bytes, list[bytes]]:
    """The next message from the socket."""
    channel, count = _HEAD.unpack(await reader.readexactly(_HEAD.size))
    frames = []
    for _ in range(count):
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        frames.append(await reader.readexactly(length))
    return channel, frames


class _Channel:
    """What ipykernel takes for a ZeroMQ socket."""

    def __init__(self, channel: bytes, end: socket.socket, lock: threading.Lock, context: Any) -> None:
        self.channel, self.end, self.lock, self.context = channel, end, lock, context

    def send_multipart(self, frames: Sequence[Any], *_: Any, **__: Any) -> None:
        message = pack(self.channel, [getattr(frame, "bytes", frame) for frame in frames])
        with self.lock:
            send(self.end, message)

    def flush(self, *_: Any) -> None:
        """All is sent already."""


class Stream(OutStream):
    """Output of Python and of everything that writes to the file descriptor.

    Unlike ipykernel's own, it has all that was written before a cell's end in
    that cell: a mark goes through the pipe behind it.
    """

    def __init__(self, session: Any, thread: Any, name: str, echo: Any = None, watchfd: bool = True) -> None:
        self._mark, self._passed = secrets.token_bytes(24), threading.Event()
        super().__init__(session, thread, name, echo=echo, watchfd="force" if watchfd else False)

    def _setup_stream_redirects(self, name: str) -> None:
        super()._setup_stream_redirects(name)
        self._behind = os.dup(self._original_stdstream_fd)

    def _watch_pipe_fd(self) -> None:
        decoder, held = codecs.getincrementaldecoder("utf-8")("replace"), b""
        while self._should_watch and (read := os.read(int(self._fid or 0), 65536)):
            *whole, held = (held + read).split(self._mark)
            # What may be the beginning of a mark is held back.
            kept = next((n for n in range(len(self._mark) - 1, 0, -1) if held.endswith(self._mark[:n])), 0)
            text = decoder.decode(b"".join(whole) + held[: len(held) - kept])
            held = held[len(held) - kept :]
            if text:
                self.write(text)
            if whole:
                self._passed.set()

    def drain(self) -> None:
        """Wait until what was written to the descriptor has been read."""
        if self._should_watch:
            self._passed.clear()
            os.write(self._behind, self._mark)
            self._passed.wait(_PATIENCE)


class SocketKernel(IPythonKernel):
    """IPython's kernel over one socket."""

    shell_stream = AnyTrait()
    shell_channel_thread = AnyTrait(types.SimpleNamespace(parent_thread=threading.main_thread()))

    @property
    def _supports_kernel_subshells(self) -> bool:
        return False

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """The client sends one request at a time."""

    async def do_execute(self, *arguments: Any, **named: Any) -> Any:
        """Run a cell; what it wrote to descriptors is part of its output."""
        reply = await super().do_execute(*arguments, **named)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, Stream):
                stream.drain()
        return reply


class SocketApp(IPKernelApp):
    """ipykernel's application: everything but the ports."""

    outstream_class = DottedObjectName("reporting.batch.shell.Stream")
    end: socket.socket

    def init_connection_file(self) -> None:
        """There is none."""

    def write_connection_file(self, **_: Any) -> None:
        """There is none."""

    def init_heartbeat(self) -> None:
        """A socket that closes says more than a heart that stops."""

    def log_connection_info(self) -> None:
        """Nobody else can connect."""

    def init_sockets(self) -> None:
        """One socket for everything."""
        lock, context = threading.Lock(), zmq.Context()
        self.session.key = b""
        self.shell_socket = _Channel(SHELL, self.end, lock, context)
        self.iopub_thread = IOPubThread(_Channel(IOPUB, self.end, lock, context), pipe=True, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def init_kernel(self) -> None:
        """The kernel, without the threads that read ports."""
        with _no_modules():
            self.kernel = SocketKernel.instance(
                parent=self, session=self.session, shell_stream=self.shell_socket, iopub_thread=self.iopub_thread,
                iopub_socket=self.iopub_socket, log=self.log, profile_dir=self.profile_dir, user_ns=self.user_ns,
            )  # fmt: skip
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count


@contextlib.contextmanager
def _no_modules() -> Iterator[None]:
    """Within, ipykernel sees no modules: to name each one to a debugger, which is not there, copies their memory."""
    ipkernel.sys = types.SimpleNamespace(**{**vars(sys), "modules": {}})  # type: ignore[attr-defined,assignment]
    try:
        yield
    finally:
        ipkernel.sys = sys  # type: ignore[attr-defined]


def serve(arguments: list[str], descriptor: int) -> None:
    """Be a kernel for the client at the other end of a socket, until it closes.

    Parameters
    ----------
    arguments : list of str
        What a kernel gets on its command line.
    descriptor : int
        The socket.
    """
    import ipykernel_launcher

    SocketApp.end = socket.socket(fileno=descriptor)
    sys.argv, sys.path[:] = [str(ipykernel_launcher.__file__), *arguments], parent.own_path
    app = SocketApp.instance()
    app.initialize(arguments)
    inputs.begin()
    # A loop that is stopped is how exit() ends a kernel.
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, RuntimeError):
        asyncio.run(_answer(app))
    # What the notebook held goes first: open files are written.
    app.kernel.shell.user_ns.clear()
    parent.leave()


async def _answer(app: SocketApp) -> None:
    kernel = app.kernel
    app.io_loop = kernel.io_loop = IOLoop.current()
    kernel.shell.exit_now = False
    # The writer is kept, though never used: without it the connection is closed.
    reader, _writer = await asyncio.open_unix_connection(sock=app.end.dup(), limit=2**20)
    while True:
        _, frames = await unpack(reader)
        await kernel.dispatch_shell([zmq.Frame(frame) for frame in frames])
