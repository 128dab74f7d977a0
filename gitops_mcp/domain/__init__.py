"""Values in, values out: no clock, environment, file, process or socket."""
