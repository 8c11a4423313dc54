"""Remote calls between a student process and the examiner, in both directions.

While an end waits for the answer to its call, it serves calls of the other end, so a function may
be passed as an argument. A function gets copies of its arguments; the calling end decides which
changes to them are sent back. Knows `codec` and `frames`; nothing of tests, marks or the sandbox.
"""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.worker.arguments import Arguments, Result, is_view, refuse_unseen
from autograder.worker.codec import Decoder, Encoder, Functions
from autograder.worker.filesync import Files
from autograder.worker.frames import MESSAGE_CHARS, pack, unpack
from autograder.worker.generators import Generators
from autograder.worker.refusals import CannotCross, RefusedError, is_limit

__all__ = ["Peer", "failure"]


class Peer:
    """One end of the connection between a student process and the examiner.

    Args:
        send: Sends a frame.
        receive: Waits for a frame and returns it.
        gives: Namespace whose classes may be sent: instances of them are encoded. None for none.
        takes: Namespace whose classes may be received: instances of them are decoded. None for
            none. The examiner has no such namespace, so it never turns what a student process sends
            into an instance of a class of the lab by its name alone.
        models: The module that encodes Keras objects (`keras_codec`).
        files: The folder whose files both ends share, None if they share none.
        watched: Returns the objects of this end that functions of the other end may change; their
            changes are made here too. None if they may change all their arguments.
        lenient: Whether a value that cannot be sent is replaced by a note (student process);
            otherwise the call raises CannotCross (examiner).
        follows: Whether this end shares its global random number generators with the other end as
            soon as the other end sends its own.

    Attributes:
        functions: The functions of this end that the other end may call, and the reverse.
        generators: The shared random number generators, None if they are not shared.
        touched: Objects of this end that functions of the other end have changed.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        receive: Callable[[], bytes],
        *,
        gives: Mapping[str, Any] | None = None,
        takes: Mapping[str, Any] | None = None,
        models: Any = None,
        files: Files | None = None,
        watched: Callable[[], list[Any]] | None = None,
        lenient: bool = False,
        follows: bool = False,
    ) -> None:
        self.send, self.receive, self.watched = send, receive, watched
        self.gives, self.takes, self.models, self.files = gives or {}, takes or {}, models, files
        self.lenient, self.follows = lenient, follows
        self.generators: Generators | None = None
        self.functions = Functions(self.call)
        self.touched: list[Any] = []
        self._depth = 0  # number of calls that are being served, one inside the other

    def encoder(self, known: list[Any] | None = None) -> Encoder:
        """Return an Encoder for the other end. known: objects that both ends hold already."""
        return Encoder(self.functions, known or (), self.gives, self.models, lenient=self.lenient)

    def decoder(self, blobs: list[memoryview], known: list[Any] | None = None) -> Decoder:
        """Return a Decoder for a frame with these blobs. known: objects that both ends hold already."""
        records = self.gives or self.takes  # the notebook's namespace, at both ends
        wary = not self.lenient
        return Decoder(blobs, self.functions, known or (), self.takes, self.models, records=records, wary=wary)

    def call(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function of the other end.

        Changes that it made to watched arguments are made here too.

        Args:
            number: Number of the function.
            args: Its positional arguments.
            kwargs: Its keyword arguments.

        Returns:
            The result.

        Raises:
            CannotCross: If an argument cannot be sent.
            ValueError: If the answer is not valid.
            Exception: An exception of the function, as an exception of the same name.
        """
        encoder = self.encoder()
        try:
            node = encoder.node((args, kwargs), "an argument")
        except RefusedError as refused:
            raise CannotCross(f"this test cannot hand {refused.what} to a function in your own process") from None
        wanted = self._wanted((args, kwargs), encoder.known)
        answer, blobs = self.ask({"do": "call", "function": number, "args": node, "wanted": wanted}, encoder)
        decoder = self.decoder(blobs, encoder.known)
        decoder.fixed = frozenset(range(len(encoder.known))).difference(wanted)
        for index, state in answer["changed"]:
            if index in wanted:
                self.touched.append(encoder.known[index])
                decoder.put(encoder.known[index], state)
        if answer["error"] is not None:
            raise _exception(answer["error"])
        return decoder.value(answer["result"])

    def _wanted(self, args: Any, known: list[Any]) -> list[int]:
        """The numbers of the objects whose changes the other end must send back."""
        if self.watched is None:
            return list(range(len(known)))
        watched = {id(value): value for value in self.watched()}
        if not watched:
            return []
        refuse_unseen(args, watched, known)
        arrays = [value for value in watched.values() if isinstance(value, np.ndarray)]
        return [index for index, value in enumerate(known) if id(value) in watched or is_view(value, arrays)]

    def ask(self, header: dict[str, Any], encoder: Encoder) -> tuple[dict[str, Any], list[memoryview]]:
        """Send a request, serve calls until its answer arrives, and return header and blobs."""
        self.send(self._packed(header, encoder))
        while True:
            answer, blobs = unpack(self.receive())
            self._put_extras(answer, blobs)
            if answer.get("do") == "call":
                self.serve(answer, blobs)
            elif answer.get("do") == "answer":
                return answer, blobs

    def serve(self, request: dict[str, Any], blobs: list[memoryview]) -> None:
        """Answer a call of the other end, and report the processor time of the function itself."""
        records = self.gives or self.takes
        arguments = Arguments(blobs, self.functions, (), self.takes, self.models, records=records, wary=not self.lenient)
        error, result = None, None
        started = time.process_time()
        try:
            args, kwargs = arguments.value(request["args"])
            arguments.watch(request["wanted"])
            started = time.process_time()
            self._depth += 1
            try:
                result = self.functions[request["function"]](*args, **kwargs)
            finally:
                self._depth -= 1
        except BaseException as raised:
            error = failure(raised)
        cpu_seconds = 0.0 if self._depth else time.process_time() - started  # the outer call includes an inner one
        encoder, node = self._result(arguments), None
        changed = arguments.changes(encoder)  # before the result, because the other end decodes the changes first
        if error is None:
            try:
                node = encoder.node(result, "the result")
            except BaseException as raised:
                error, encoder = failure(raised), self._result(arguments)
                changed = arguments.changes(encoder)
        header = {"do": "answer", "result": node, "error": error, "changed": changed, "cpu": cpu_seconds}
        try:
            self.send(self._packed(header, encoder))
        except RefusedError as refused:
            self.send(pack({"do": "answer", "result": None, "error": failure(refused), "changed": []}))

    def _result(self, arguments: Arguments) -> Encoder:
        """The Encoder for the result of a call."""
        return Result(arguments, self.functions, arguments.for_result(), self.gives, self.models, lenient=self.lenient)

    def take(self, frame: bytes) -> tuple[dict[str, Any], list[memoryview]]:
        """Parse a request and apply the files and random states that came with it.

        Return the header and the blobs.
        """
        header, blobs = unpack(frame)
        self._put_extras(header, blobs)
        return header, blobs

    def answer(self, header: dict[str, Any], encoder: Encoder) -> None:
        """Send an answer with this header and the blobs of the encoder."""
        self.send(self._packed({"do": "answer", **header}, encoder))

    def _packed(self, header: dict[str, Any], encoder: Encoder) -> bytes:
        """A frame, with changed files and random states added to the header."""
        if self.files is not None:
            header = {**header, "files": [[name, encoder.blob(data)] for name, data in self.files.changed()]}
        if self.generators is not None:
            header = {**header, "random": self.generators.changed(encoder.blob)}
        return pack(header, encoder.blobs)

    def _put_extras(self, header: dict[str, Any], blobs: list[memoryview]) -> None:
        """Apply the changed files and the random states that came with a frame."""
        if "random" in header and self.follows:
            self.generators = self.generators or Generators()
        if "random" in header and self.generators is not None:
            self.generators.put(header["random"], blobs)
        if self.files is not None:
            self.files.put([(str(name), blobs[number]) for name, number in header.get("files", ())])


def failure(error: BaseException) -> dict[str, Any]:
    """Describe an exception as plain data.

    Returns:
        "name" and "message" of the exception, and under "bases" the built-in exceptions that it is
        an instance of, without BaseException and object.
    """
    try:
        message = str(error)
    except BaseException:
        message = ""
    kind = "TypeError" if isinstance(error, RefusedError) else type(error).__name__
    bases = [base.__name__ for base in type(error).__mro__ if getattr(builtins, base.__name__, None) is base]
    return {"name": kind[:100], "message": message[:MESSAGE_CHARS], "bases": bases[:-2] or ["Exception"]}


def _exception(error: Mapping[str, Any]) -> Exception:
    """An exception with the same name, message and built-in base class.

    Its class is marked, because the message comes from the other end: a test sees all of it,
    reports shorten it.
    """
    base = next((getattr(builtins, str(name), None) for name in error["bases"]), None)
    ends_loops = (StopIteration, StopAsyncIteration)  # these could silently end a loop of the test
    if not (isinstance(base, type) and issubclass(base, Exception)) or issubclass(base, ends_loops):
        base = RuntimeError
    message = str(error["message"])
    name = "Exception" if is_limit(str(error["name"])) else str(error["name"])  # only this end may use the names of limits
    attributes = {
        "__str__": lambda self: message,
        "__init__": lambda self: None,
        "__module__": "builtins",
        "said_elsewhere": True,  # reports shorten the message
    }
    raised: Exception = type(name, (base,), attributes)()
    raised.args = (message,)
    return raised
