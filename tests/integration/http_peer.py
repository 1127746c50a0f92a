"""A peer that tests play themselves: an HTTP server with POST /instances, and servers that misbehave."""

import contextlib
import http.server
import socket
import threading


class Peer:
    """Answers `behave(peer, request)`, which returns (status, body) or None to close the connection. Keeps what has come."""

    def __init__(self, behave=None):
        self.behave = behave or (lambda peer, request: (200, b'{"Status": "Success"}'))
        self.requests = []  # (method, path, headers, body), in the order of their answers
        self.lock = threading.Lock()
        self.open = 0
        self.most_open = 0
        self.connections = 0
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                with peer.lock:
                    peer.connections += 1

            def answer(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size)
                if len(body) < size:  # the other side has gone in the middle
                    self.close_connection = True
                    return
                with peer.lock:
                    peer.open += 1
                    peer.most_open = max(peer.most_open, peer.open)
                request = (self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                try:
                    result = peer.behave(peer, request)
                finally:
                    with peer.lock:
                        peer.open -= 1
                        peer.requests.append(request)
                if result is None:
                    self.close_connection = True
                    with contextlib.suppress(OSError):
                        self.connection.shutdown(socket.SHUT_RDWR)
                    return
                status, content = result
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass  # clients go as they like

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RawPeer:
    """Runs `talk(socket)` for each connection."""

    def __init__(self, talk):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._talk = talk
        self._stopping = False
        self._sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with contextlib.suppress(OSError), connection:
            self._talk(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stopping = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def read_request(connection):
    """Head and body of one request."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise OSError("gone")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    size = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            size = int(line.split(b":")[1])
    while len(body) < size:
        piece = connection.recv(1 << 20)
        if not piece:
            raise OSError("gone")
        body += piece
    return head, body


