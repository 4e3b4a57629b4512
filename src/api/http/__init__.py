"""HTTP: the protocol, request heads, answers, problems."""
