"""What instances log, as CNPG writes it: one JSON object a line, with PostgreSQL's own record inside."""
