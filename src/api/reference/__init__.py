"""The API reference: OpenAPI, AsyncAPI, examples."""
