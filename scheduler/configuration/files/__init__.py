"""The files of a config: `config.yaml`, and the parts beside it in `config.d/`; which they are, and as one text."""
