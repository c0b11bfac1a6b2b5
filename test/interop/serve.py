"""Serves the Flask application `app` of the file in the first argument.

Writes its port to the standard output once it listens, and ends when its standard input is closed.
"""

import importlib.util
import logging
import sys
import threading

from werkzeug.serving import make_server


def app_of(path):
    spec = importlib.util.spec_from_file_location("program", path)
    program = importlib.util.module_from_spec(spec)
    sys.modules["program"] = program
    spec.loader.exec_module(program)
    return program.app


def end_with_parent(server):
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app_of(sys.argv[1]), threaded=True)
    threading.Thread(target=end_with_parent, args=[server], daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()
