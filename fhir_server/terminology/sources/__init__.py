"""Files others publish code systems in, read into concepts, a reader for each format."""
