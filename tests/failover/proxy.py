"""One address for a database: forwards each new connection to the port that a file names when the connection is made.

    proxy.py TARGET

The port that it listens on is printed. A connection stays with the server that it was made to, as with a service address or a
DNS name that moves.
"""

import asyncio
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, OSError):
        pass
    finally:
        writer.close()


async def forward(reader, writer):
    with open(sys.argv[1], encoding="ascii") as target:
        port = int(target.read())
    try:
        there = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))


async def main():
    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
