"""How the service is reached: the Litestar app, its routes and errors, the composition root, the command line."""
