"""The providers of models, one file per dialect; each loads its library when it is first used."""
