"""The stream of the simulated terminal: from its market to WebSocket frames."""
