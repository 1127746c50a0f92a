"""A modality on plain sockets, client and server: sends, queries and retrieves data sets as bytes, in any transfer syntax."""

import contextlib
import socket
import struct
import threading

from dicom_peer import IMPLICIT, Peer, element, item, pdu, pdv, us

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
STORE_RQ, GET_RQ, FIND_RQ, MOVE_RQ = 0x0001, 0x0010, 0x0020, 0x0021
PENDING = 0xFF00


def elements(content):
    """Elements of implicit little endian bytes without sequences: tag -> value."""
    found, at = {}, 0
    while at + 8 <= len(content):
        group, number, length = struct.unpack_from("<HHI", content, at)
        found[group << 16 | number] = content[at + 8:at + 8 + length]
        at += 8 + length
    return found


def text(value):
    return value.decode("ascii").rstrip("\0 ")


def number(value):
    return struct.unpack("<H", value)[0]


def with_length(body):
    return element(0x00000000, struct.pack("<I", len(body))) + body


class Messages:
    """Whole messages of one association."""

    def __init__(self, sock):
        self.stream = sock.makefile("rb")
        self.socket = sock

    def close(self):
        self.stream.close()

    def pdu(self):
        head = self.stream.read(6)
        if len(head) < 6:
            raise ConnectionError("the connection has ended")
        kind, _, length = struct.unpack(">BBI", head)
        content = self.stream.read(length)
        if len(content) < length:
            raise ConnectionError("the connection has ended within a PDU")
        return kind, content

    def next(self):
        """(context, command elements, data set or None); None when the peer wants to end."""
        parts = {True: b"", False: b""}
        command = None
        while True:
            kind, content = self.pdu()
            if kind == 5:
                return None
            if kind != 4:
                raise ConnectionError(f"PDU of type {kind}")
            at = 0
            while at < len(content):
                length, context, flags = struct.unpack_from(">IBB", content, at)
                parts[bool(flags & 1)] += content[at + 6:at + 4 + length]
                at += 4 + length
                if flags & 3 == 3:
                    command = elements(parts[True])
                    if number(command[0x00000800]) == 0x0101:
                        return context, command, None
                elif flags & 2:
                    return context, command, parts[False]

    def send(self, context, command, data_set=None, piece=16000):
        out = [pdv(context, with_length(command), command=True)]
        for at in range(0, len(data_set) if data_set is not None else 0, piece):
            out.append(pdv(context, data_set[at:at + piece], last=at + piece >= len(data_set)))
        self.socket.sendall(b"".join(out))

    def accept_store(self, context, command):
        self.send(context, element(0x00000002, command[0x00000002]) + us(0x00000100, 0x8001) + us(0x00000120, number(command[0x00000110]))
                  + us(0x00000800, 0x0101) + us(0x00000900, 0) + element(0x00001000, command[0x00001000]))


class Modality:
    """One association to a server. `storage`: (SOP class, transfer syntax) pairs; ours to send, and to receive during C-GET."""

    def __init__(self, port, aet, storage, called="HILUM"):
        self.contexts = {"find": 1, "move": 3, "get": 5}
        contexts = {1: (FIND, [IMPLICIT]), 3: (MOVE, [IMPLICIT]), 5: (GET, [IMPLICIT])}
        for index, (sop_class, syntax) in enumerate(storage):
            contexts[7 + 2 * index] = (sop_class, [syntax])
            self.contexts[sop_class] = 7 + 2 * index
        self.peer = Peer(port)
        self.peer.send(self.request(contexts, aet, called))
        self.messages = Messages(self.peer.socket)
        kind, answer = self.messages.pdu()
        self.peer.answer = kind, answer
        refused = [number for number, (result, _) in self.peer.accepted().items() if result != 0]
        if refused:
            raise ConnectionError(f"contexts refused: {refused}")
        self.message = 0

    @staticmethod
    def request(contexts, aet, called):
        body = struct.pack(">HH", 1, 0) + called.ljust(16).encode() + aet.ljust(16).encode() + bytes(32)
        body += item(0x10, b"1.2.840.10008.3.1.1.1")
        roles = b""
        for context, (sop_class, syntaxes) in contexts.items():
            body += item(0x20, bytes([context, 0, 0, 0]) + item(0x30, sop_class.encode())
                         + b"".join(item(0x40, syntax.encode()) for syntax in syntaxes))
            if context > 5:
                roles += item(0x54, struct.pack(">H", len(sop_class)) + sop_class.encode() + b"\1\1")
        return pdu(1, body + item(0x50, item(0x51, struct.pack(">I", 65536)) + item(0x52, b"1.2.3.4") + roles))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.peer.send(pdu(5, bytes(4)))
            self.messages.pdu()
        self.messages.close()
        self.peer.socket.close()

    def _command(self, field, sop_class, more=b""):
        self.message = self.message % 65000 + 1
        return (element(0x00000002, sop_class.encode()) + us(0x00000100, field) + us(0x00000110, self.message)
                + (more if field == MOVE_RQ else b"") + us(0x00000700, 0) + us(0x00000800, 1) + (b"" if field == MOVE_RQ else more))

    def store(self, sop_class, instance, data_set):
        """The status."""
        self.messages.send(self.contexts[sop_class],
                           self._command(STORE_RQ, sop_class, element(0x00001000, instance.encode())), data_set)
        return number(self.messages.next()[1][0x00000900])

    def find(self, identifier):
        """(status, answers as elements)."""
        self.messages.send(1, self._command(FIND_RQ, FIND), identifier)
        answers = []
        while True:
            _, command, data_set = self.messages.next()
            status = number(command[0x00000900])
            if status != PENDING:
                return status, answers
            answers.append(elements(data_set))

    def move(self, destination, identifier):
        """(status, completed sub-operations)."""
        self.messages.send(3, self._command(MOVE_RQ, MOVE, element(0x00000600, destination.encode())), identifier)
        return self._wait({})

    def get(self, identifier):
        """(status, completed sub-operations, SOP instance UID -> data set)."""
        self.messages.send(5, self._command(GET_RQ, GET), identifier)
        received = {}
        return (*self._wait(received), received)

    def _wait(self, received):
        while True:
            context, command, data_set = self.messages.next()
            if number(command[0x00000100]) == STORE_RQ:
                received[text(command[0x00001000])] = data_set
                self.messages.accept_store(context, command)
            elif number(command[0x00000900]) != PENDING:
                return number(command[0x00000900]), number(command.get(0x00001021, b"\0\0"))


class Receiver:
    """Accepts associations and C-STORE, with the first transfer syntax proposed of those named; `received` as of get()."""

    def __init__(self, syntaxes):
        self.syntaxes = syntaxes
        self.received = {}
        self.errors = []
        self.open = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(60)

    def _listen(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        messages = Messages(sock)
        with self._lock:
            self.open += 1
        try:
            self._associate(sock, messages)
            while (message := messages.next()) is not None:
                context, command, data_set = message
                with self._lock:
                    self.received[text(command[0x00001000])] = data_set
                messages.accept_store(context, command)
            sock.sendall(pdu(6, bytes(4)))
        except (OSError, KeyError, struct.error) as error:
            self.errors.append(repr(error))
        finally:
            messages.close()
            sock.close()
            with self._lock:
                self.open -= 1

    def _associate(self, sock, messages):
        _, request = messages.pdu()
        body, at = request[:68] + item(0x10, b"1.2.840.10008.3.1.1.1"), 68
        while at + 4 <= len(request):
            kind, _, length = struct.unpack_from(">BBH", request, at)
            if kind == 0x20:
                content, proposed, inner = request[at + 4:at + 4 + length], [], 4
                while inner + 4 <= len(content):
                    sub, _, size = struct.unpack_from(">BBH", content, inner)
                    if sub == 0x40:
                        proposed.append(text(content[inner + 4:inner + 4 + size]))
                    inner += 4 + size
                chosen = next((syntax for syntax in proposed if syntax in self.syntaxes), None)
                body += item(0x21, bytes([content[0], 0, 0 if chosen else 4, 0]) + item(0x40, (chosen or proposed[0]).encode()))
            at += 4 + length
        sock.sendall(pdu(2, body + item(0x50, item(0x51, struct.pack(">I", 32768)) + item(0x52, b"1.2.3.4"))))
