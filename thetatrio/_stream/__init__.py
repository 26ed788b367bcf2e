"""From a socket to events: the stream of the Theta Terminal."""
