"""A web server on this machine that serves a folder, and can misbehave."""

import functools
import http.server
import pathlib
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers `behaviour`: a dict of path to "404", "503", "html", "whole" (no ranges) or a
    number of bytes after which it hangs up."""

    def __init__(self, folder, behaviour, asked, *args):
        self.folder, self.behaviour, self.asked = folder, behaviour, asked
        super().__init__(*args)

    def do_GET(self):
        wanted = self.behaviour.get(self.path)
        self.asked.append((self.path, self.headers.get("Range")))
        path = pathlib.Path(self.folder) / self.path.lstrip("/")
        if wanted == "html":
            return self._answer(200, b"<html>Sign in</html>", "text/html; charset=utf-8")
        if wanted in ("404", "503") or not path.is_file():
            return self._answer(int(wanted or 404), b"no", "text/plain")
        content, status = path.read_bytes(), 200
        given = self.headers.get("Range")
        if given and wanted != "whole":
            content, status = content[int(given.removeprefix("bytes=").rstrip("-")) :], 206
        short = content[:wanted] if isinstance(wanted, int) else content
        return self._answer(status, short, "application/octet-stream", len(content))

    def _answer(self, status, content, kind, length=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Web:
    """The server: `url`, `behaviour`, and what was `asked` as (path, Range)."""

    def __init__(self, folder):
        self.behaviour, self.asked = {}, []
        handler = functools.partial(Handler, folder, self.behaviour, self.asked)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
