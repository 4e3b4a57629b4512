"""The API described: OpenAPI, AsyncAPI, examples."""
