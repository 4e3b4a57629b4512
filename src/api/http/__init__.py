"""HTTP: protocol, request heads, answers, problems."""
