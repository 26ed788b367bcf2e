"""A page of live quotes by server-sent events, which is looked at once; `serve` keeps it up."""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette import applications, responses, routing, types

from thetatrio import Stock, aio
from thetatrio.testing.aio import open_terminal


@asynccontextmanager
async def lifespan(_: object) -> AsyncGenerator[dict[str, aio.Session]]:
    async with open_terminal() as simulated, aio.open_session(config=simulated.config) as session:
        yield {"session": session}


async def quotes(scope: types.Scope, receive: types.Receive, send: types.Send) -> None:
    async with scope["state"]["session"].stream.quotes(Stock("AAPL"), Stock("MSFT")) as feed:
        sse = (f"data: {q.contract} {q.timestamp:%X} {q.bid} {q.ask}\n\n" async for q in feed)
        await responses.StreamingResponse(sse, media_type="text/event-stream")(scope, receive, send)


page = routing.Route("/", responses.FileResponse(__file__.removesuffix("py") + "html"))
app = applications.Starlette(routes=[page, routing.Mount("/quotes", quotes)], lifespan=lifespan)


async def look() -> None:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    sock = socket.create_server(("127.0.0.1", 0))
    async with asyncio.TaskGroup() as tasks, httpx.AsyncClient() as client:
        tasks.create_task(server.serve(sockets=[sock]))
        async with client.stream("GET", "http://{}:{}/quotes/".format(*sock.getsockname())) as got:
            print(*[await anext(each) for each in [got.aiter_lines()] * 6][::2], sep="\n")
        server.should_exit = True


if __name__ == "__main__":
    uvicorn.run(app, timeout_graceful_shutdown=1) if "serve" in sys.argv else asyncio.run(look())
