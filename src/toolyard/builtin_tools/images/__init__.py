"""Pictures drawn by a model, of a provider or of this machine."""
