"""A shell as a tool: commands run under a supervisor, isolated as well as the machine allows."""
