"""What may make an object of CNPG that no document declares, for when one was asked for and not found."""
