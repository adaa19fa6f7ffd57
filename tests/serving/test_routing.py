"""Bodies as they are read: in chunks, up to a number of bytes."""

import asyncio
import time

from starlette.requests import Request
from starlette.types import Message

from serving.routing import body_of

CHUNK, CHUNKS = bytes(16_384), 1_200  # 20 MB
SECONDS = 0.5  # of the processor; 4 s where each chunk has what came before copied


def test_a_large_body_is_not_copied_for_each_of_its_chunks():
    left = CHUNKS

    async def receive() -> Message:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": CHUNK, "more_body": left > 0}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    began = time.process_time()
    body = asyncio.run(body_of(request, len(CHUNK) * CHUNKS))
    assert time.process_time() < began + SECONDS
    assert body == CHUNK * CHUNKS
