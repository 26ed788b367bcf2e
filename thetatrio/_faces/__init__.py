"""How the trio core is reached from asyncio and from plain threads."""
