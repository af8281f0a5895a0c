"""Answers of other servers, which may be of any length."""

import aiohttp


async def read_at_most(answer: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """The body. Raises aiohttp.ClientPayloadError for a longer one, without reading it to its end."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(65_536):
        body += chunk
        if len(body) > most_bytes:
            raise aiohttp.ClientPayloadError(f"its answer has more than {most_bytes:,} bytes")
    return bytes(body)
