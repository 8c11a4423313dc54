"""One end of the conversation between a student process and the examiner: calls of functions that live at the other end.

While an end waits for the answer to its call it serves calls of the other end, so a function may be given a function. A function
gets copies of its arguments; which of its changes to them come back, the end that calls decides. Knows the wire; nothing of
tests, marks or walls.
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
from autograder.worker.frames import pack, unpack
from autograder.worker.generators import Generators
from autograder.worker.refusals import CannotCross, RefusedError, is_limit

__all__ = ["Peer", "failure"]

MESSAGE_CHARS = 4000


class Peer:
    """send and receive move frames. models: how networks cross (`networks`).

    gives, takes: the names among which a class must stand so that its instances may leave and may arrive; what a student's
    process sends is never made an instance of such a class.
    files: the folder in which functions at both ends find the same files, None if they share none.
    watched: gives the objects of this end that functions of the other end may change: what they change there is changed here too.
    None: they may change all their arguments. touched: the objects of this end that were changed so.
    lenient: values that may not cross are noted in their place (the student's end); otherwise the call ends with CannotCross.
    follows: this end draws from the same global random numbers as the other one as soon as that says so.
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
        self._depth = 0  # of calls that are being served

    def encoder(self, known: list[Any] | None = None) -> Encoder:
        """What writes values for the other end. known: objects that it has already, by number."""
        return Encoder(self.functions, known or (), self.gives, self.models, lenient=self.lenient)

    def decoder(self, blobs: list[memoryview], known: list[Any] | None = None) -> Decoder:
        """What reads the values of a frame with these blobs."""
        records = self.gives or self.takes  # the notebook's own names, at either end
        wary = not self.lenient
        return Decoder(blobs, self.functions, known or (), self.takes, self.models, records=records, wary=wary)

    def call(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the other end's function; its exceptions are raised here, and what it changed in watched objects is changed here."""
        encoder = self.encoder()
        try:
            node = encoder.node((args, kwargs), "an argument")
        except RefusedError as refused:
            raise CannotCross(f"this test cannot hand {refused.what} to a function in your own process") from None
        wanted = self._wanted((args, kwargs), encoder.known)
        answer, blobs = self.ask({"do": "call", "function": number, "args": node, "wanted": wanted}, encoder)
        decoder = self.decoder(blobs, encoder.known)
        decoder.fixed = frozenset(range(len(encoder.known))).difference(wanted)
        for place, state in answer["changed"]:
            if place in wanted:
                self.touched.append(encoder.known[place])
                decoder.put(encoder.known[place], state)
        if answer["error"] is not None:
            raise _exception(answer["error"])
        return decoder.value(answer["result"])

    def _wanted(self, args: Any, known: list[Any]) -> list[int]:
        """The numbers of those objects among the arguments in which changes are to be made here too."""
        if self.watched is None:
            return list(range(len(known)))
        watched = {id(value): value for value in self.watched()}
        if not watched:
            return []
        refuse_unseen(args, watched, known)
        arrays = [value for value in watched.values() if isinstance(value, np.ndarray)]
        return [place for place, value in enumerate(known) if id(value) in watched or is_view(value, arrays)]

    def ask(self, header: dict[str, Any], encoder: Encoder) -> tuple[dict[str, Any], list[memoryview]]:
        """Send a request and wait for its answer, serving calls meanwhile."""
        self.send(self._packed(header, encoder))
        while True:
            answer, blobs = unpack(self.receive())
            self._take_along(answer, blobs)
            if answer.get("do") == "call":
                self.serve(answer, blobs)
            elif answer.get("do") == "answer":
                return answer, blobs

    def serve(self, request: dict[str, Any], blobs: list[memoryview]) -> None:
        """Answer one call of the other end, and say how much processor time the function itself took."""
        records = self.gives or self.takes
        given = Arguments(blobs, self.functions, (), self.takes, self.models, records=records, wary=not self.lenient)
        error, result = None, None
        busy = time.process_time()
        try:
            args, kwargs = given.value(request["args"])
            given.watch(request["wanted"])
            busy = time.process_time()
            self._depth += 1
            try:
                result = self.functions[request["function"]](*args, **kwargs)
            finally:
                self._depth -= 1
        except BaseException as raised:
            error = failure(raised)
        busy = 0.0 if self._depth else time.process_time() - busy  # a call within a call is part of the outer one
        encoder, node = self._result(given), None
        changed = given.changes(encoder)  # first, as the other end makes the changes before it looks at the result
        if error is None:
            try:
                node = encoder.node(result, "the result")
            except BaseException as raised:
                error, encoder = failure(raised), self._result(given)
                changed = given.changes(encoder)
        header = {"do": "answer", "result": node, "error": error, "changed": changed, "cpu": busy}
        try:
            self.send(self._packed(header, encoder))
        except RefusedError as refused:
            self.send(pack({"do": "answer", "result": None, "error": failure(refused), "changed": []}))

    def _result(self, given: Arguments) -> Encoder:
        return Result(given, self.functions, given.for_result(), self.gives, self.models, lenient=self.lenient)

    def take(self, frame: bytes) -> tuple[dict[str, Any], list[memoryview]]:
        """A frame that starts something, with the files that came along put in their place."""
        header, blobs = unpack(frame)
        self._take_along(header, blobs)
        return header, blobs

    def answer(self, header: dict[str, Any], encoder: Encoder) -> None:
        self.send(self._packed({"do": "answer", **header}, encoder))

    def _packed(self, header: dict[str, Any], encoder: Encoder) -> bytes:
        if self.files is not None:
            header = {**header, "files": [[name, encoder.blob(data)] for name, data in self.files.changed()]}
        if self.generators is not None:
            header = {**header, "random": self.generators.changed(encoder.blob)}
        return pack(header, encoder.blobs)

    def _take_along(self, header: dict[str, Any], blobs: list[memoryview]) -> None:
        """What comes with a frame: files, and where the random numbers go on."""
        if "random" in header and self.follows:
            self.generators = self.generators or Generators()
        if "random" in header and self.generators is not None:
            self.generators.put(header["random"], blobs)
        if self.files is not None:
            self.files.put([(str(name), blobs[number]) for name, number in header.get("files", ())])


def failure(error: BaseException) -> dict[str, Any]:
    """An exception as data: its name, its message and the built-in exceptions that it is a kind of."""
    try:
        message = str(error)
    except BaseException:
        message = ""
    kind = "TypeError" if isinstance(error, RefusedError) else type(error).__name__
    bases = [base.__name__ for base in type(error).__mro__ if getattr(builtins, base.__name__, None) is base]
    return {"name": kind[:100], "message": message[:MESSAGE_CHARS], "bases": bases[:-2] or ["Exception"]}


def _exception(error: Mapping[str, Any]) -> Exception:
    """An exception of the same name and message, and of the same built-in kind.

    Its class says that the message comes from the other end: tests may look at all of it, reports keep it short.
    """
    base = next((getattr(builtins, str(name), None) for name in error["bases"]), None)
    ends_loops = (StopIteration, StopAsyncIteration)  # raised in a test's own loop it would end that early, and silently
    if not (isinstance(base, type) and issubclass(base, Exception)) or issubclass(base, ends_loops):
        base = RuntimeError
    message = str(error["message"])
    name = "Exception" if is_limit(str(error["name"])) else str(error["name"])  # which only this end may say
    said = {
        "__str__": lambda self: message,
        "__init__": lambda self: None,
        "__module__": "builtins",
        "said_elsewhere": True,  # who reports the error keeps what it says short
    }
    raised: Exception = type(name, (base,), said)()
    raised.args = (message,)
    return raised
