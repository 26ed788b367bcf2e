"""Request to rows: limiter, retries, transport, decoding. Nothing here knows of streams."""
