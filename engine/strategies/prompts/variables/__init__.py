"""Template variables: what each is called, means, asks and renders to, in one table."""
