"""Teams of agents: workflows made of things with `run`."""
