"""How members, or functions, say what is best: votes, scores, choices, answers made one."""
